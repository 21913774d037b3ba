"""Tables of ``whyrec audit`` on a terminal."""

from cli.audit_parity import show_parity
from cli.audit_repairs import show_repairs
from cli.output import Output
from recommender.results.responsibility.audit import Audit, DomainAudit
from recommender.texts.languages import language

SHOWN = 12
"""Groups of each domain on a terminal, those furthest from their merit; the document has them all."""


def show_audit(output: Output, found: Audit, lang: str) -> None:
    """Tables of an audit: who and what gets how much, for whom lists are better, what was tried."""
    words = language(lang)
    texts, shared = words.section("audit"), words.section("marketing")
    output.line(found.text)
    for one in found.domains:
        _domain(output, one, lang)
        output.line(texts["explained"].format(least=found.least, compared=one.compared))
    if found.users is not None:
        rows = [
            (
                *(one.side_text, one.label, one.people, f"{one.ndcg:.3f}", f"{one.low:.3f}–{one.high:.3f}"),
                *(f"{one.difference:+.3f}", _rate(one.q)),
            )
            for one in found.users
        ]
        heads = (texts["by"], texts["group"], texts["tested"], "NDCG@10", shared["interval"], texts["difference"], "q")
        output.table(texts["quality"] + texts["worst_order"], heads, rows, right=(heads[2], heads[3], heads[5]))
        output.line(texts["explained"].format(least=found.least, compared=found.users_compared))
    measured = [*found.parity, *(parity for one in found.domains for parity in one.parity)]
    if measured:
        show_parity(output, measured, lang)
    if found.k > 1:
        output.line(texts["steps"].format(k=found.k))


def _domain(output: Output, one: DomainAudit, lang: str) -> None:
    words = language(lang)
    texts, shared = words.section("audit"), words.section("marketing")
    furthest = sorted(one.groups, key=lambda group: -abs(group.ratio - 1))[:SHOWN]
    rows = [
        (
            *(group.side_text, group.label, group.items, group.people),
            *(f"{group.exposure:.1%}", f"{group.merit:.1%}"),
            *(f"{group.ratio:.2f}", f"{group.low:.2f}–{group.high:.2f}", _rate(group.q)),
        )
        for group in furthest
    ]
    names = [texts[name] for name in ("by", "group", "count", "people", "exposure", "merit", "ratio")]
    title = texts["domain"].format(domain=one.domain_text) + texts["order"]
    output.table(title, (*names, shared["interval"], "q"), rows, right=names[2:])
    if len(one.groups) > SHOWN:
        output.line(shared["more_groups"].format(n=len(one.groups) - SHOWN))
    output.line(words.concentration(one))
    if one.bubble is not None:
        output.line(words.bubble(one.bubble))
    if one.worst is not None:
        kinds = dict(line.split("=", 1) for line in texts["kinds"].split("|"))
        causes = [(cause.text or kinds[cause.kind], f"{cause.gap:+.4f}") for cause in one.causes]
        title = texts["why"].format(group=one.worst, gap=f"{one.gap:+.4f}")
        output.table(title, (shared["part"], texts["apart"]), causes, right=[texts["apart"]])
    show_repairs(output, one, lang)


def _rate(q: float | None) -> str:
    """The level that a rate is under."""
    return "–" if q is None else f"≤ {q:g}"
