"""An account as a tree."""

from rich.tree import Tree

from cli.output import Output
from cli.terminal import styled
from kg.counting import by_number
from kg.schema import Schema
from recommender.results.account import Account, OtherPaths, Part
from recommender.texts.languages import language
from recommender.texts.paths import spoken_domain

ANCHORS_SHOWN = 3
LARGE = 0.05
"""Part of the score from which a part shows more than one path."""


def show_account(output: Output, account: Account, schema: Schema, lang: str = "en", *, detail: bool = False) -> None:
    """An account: the groups of its score in words, or, in detail, every part with its paths."""
    words = language(lang)
    texts = words.section("tables")
    place = texts["rank"].format(n=account.rank) if account.rank else words.audit(account.excluded or "")
    if account.domain_rank != account.rank:
        domain = spoken_domain(schema, account.item.domain, lang)
        place += texts["domain_rank"].format(n=account.domain_rank, domain=domain)
    item = words.quoted(account.item.label)
    if not detail:
        output.line(texts["account_title"].format(item=item, user=account.user.label or texts["somebody"], place=place))
        output.line()
        if not account.groups:
            output.line(account.text)
        for group in account.groups:
            share = f"{words.percent(group.percent / 100):>9}" if group.share > 0 else " " * 9
            output.line(f"{share}  {group.text}")
        if account.groups and (habit := account.habit_beside(*(group.text for group in account.groups))):
            output.line(f"{' ' * 9}  {habit}")
        output.line()
        if account.proof.forbidden:
            output.line(account.proof.text)
        output.line(texts["more_detail"])
        return
    title = texts["account_title"].format(item=item, user=account.user.label or texts["somebody"], place=place)
    tree = Tree(styled(f"{title} {account.score:.6f}"))
    for part in account.parts:
        _add(tree, part, account.score)
    output.tree(tree)
    output.line()
    output.line(account.text)
    if account.proof.forbidden:
        output.line(account.proof.text)


def _add(tree: Tree, part: Part, score: float) -> None:
    percent = f"{part.share / score:.1%}" if score else "–"
    name = part.metapath or part.kind
    branch = tree.add(styled(f"{part.share:+.6f}  {percent:>6}  {name}"))
    paths, others = part.paths or [], part.other_paths or OtherPaths(count=0, share=0.0)
    told = paths if part.share >= LARGE * score else paths[:1]
    for path in told:
        branch.add(styled(f"{path.share:+.6f}  {path.text}"))
    count = others.count + sum(path.people or 1 for path in paths[len(told) :])
    if count:
        share = others.share + sum(path.share for path in paths[len(told) :])
        branch.add(styled(f"{share:+.6f}  {by_number(f'{count:,} other [path|paths]')}"))
    for near in (part.nearest or [])[:ANCHORS_SHOWN]:
        cosine = "" if near.cosine is None else f", cosine {near.cosine:.3f}"
        branch.add(styled(f"{near.share:+.6f}  {near.label} ({near.type}){cosine}"))
    if part.kind != "path":
        branch.add(styled(part.text))
