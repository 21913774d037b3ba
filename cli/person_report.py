"""The answer to an access request, as a person reads it."""

from typing import Any

from cli.output import Output
from kg.privacy.access_request import HeldTriple
from kg.schema import Schema
from recommender.serving.inferences import Inferences
from recommender.texts.language import Section
from recommender.texts.languages import language
from recommender.texts.paths import spoken_domain
from whyrec.privacy.access_request import PersonReport
from whyrec.privacy.kept_figures import RunFigure

LISTED = 5
"""Items of each list that are shown; the document has them all."""


def show_held(output: Output, report: PersonReport, lang: str = "en") -> None:
    """Print what is held: in the graph, in files, by the service."""
    held, texts, number = report.held, language(lang).section("access"), language(lang).number
    output.line(f"{held.type} {held.id}", style="bold")
    if held.forgotten:
        output.line(texts["forgotten"])
    for name, value in held.properties.items():
        output.line(f"  {name}: {value}")
    rows: list[tuple[str, ...]] = [
        (one.relation, _label(one, texts), one.id or "", f"{one.weight:g}", one.timestamp or "") for one in held.triples
    ]
    columns = [texts[one] for one in ("relation", "to", "id", "weight", "time")]
    if any(one.occasions for one in held.triples):  # of what is repeated
        columns += [texts["first"], texts["days"], texts["previous"]]
        more = [(one.first or "", str(one.occasions or ""), one.previous or "") for one in held.triples]
        rows = [(*row, *others) for row, others in zip(rows, more, strict=True)]
    output.table(texts["held"].format(n=number(len(rows))), columns, rows)
    for file in held.rows:
        output.line(texts["rows"].format(file=file.file, n=number(len(file.rows))))
    for path in held.files:
        output.line(texts["named_in"].format(file=path))
    for path in held.sealed:
        output.line(texts["sealed"].format(file=path))
    _show_service(output, report, lang)
    _show_copies(output, report, lang)
    _show_runs(output, report, lang)


def _label(one: HeldTriple, texts: Section) -> str:
    return one.label or texts["somebody"].format(type=one.type)


def _show_service(output: Output, report: PersonReport, lang: str) -> None:
    texts, number = language(lang).section("access"), language(lang).number

    def table(title: str, names: str, rows: list[tuple[Any, ...]]) -> None:
        """A table where there is anything to tell."""
        if rows:
            output.table(title, [texts.get(one, one) for one in names.split()], rows)

    told = [(one.timestamp or "", one.relation, one.item, one.weight or "") for one in report.events]
    table(texts["events"].format(n=number(len(told))), "time relation item weight", told)
    given = [(one.at, one.kind, _summary(one.document), one.id) for one in report.answers]
    table(texts["answers"].format(n=number(len(given))), "time kind told id", given)
    if report.looks:
        output.line(texts["looks"].format(n=number(len(report.looks)), at=report.looks[-1].at))
    for decision in report.decisions:
        output.line(texts["decision"].format(number=decision["number"], content=decision["content"]))
    listed = [(one.rank, one.item, f"{one.score:.4f}", one.reason or "", one.at or "") for one in report.published]
    servers = texts["and"].join(dict.fromkeys(one.server for one in report.published))
    table(texts["published"].format(servers=servers), "# item score why time", listed)


def _show_copies(output: Output, report: PersonReport, lang: str) -> None:
    texts, number = language(lang).section("access"), language(lang).number
    for offer in report.offers:
        output.line(texts["offer"].format(k=offer.k, to=offer.to, at=offer.at))
    for copy in report.copies:
        learned = [texts[what] for what, there in (("weights", copy.model), ("vector", copy.vectors)) if there]
        since = texts["since"].format(at=copy.since) if copy.since else ""
        places = {"folder": copy.folder, "since": since, "n": number(copy.triples), "gone": number(len(copy.no_longer))}
        output.line(texts["copy"].format(**places, learned=texts["and"].join(learned) or texts["nothing"]))
        for one in copy.no_longer:
            output.line(f"  {one.relation} {_label(one, texts)} {one.id or ''} {one.timestamp or ''}".rstrip())
    for path in report.unread:
        output.line(texts["unread"].format(file=path))


def _show_runs(output: Output, report: PersonReport, lang: str) -> None:
    texts, number = language(lang).section("access"), language(lang).number
    rows = [
        (f"{one.experiment}/{one.run[:8]}", one.model, _split(one, texts), _metric(one, texts), f"{one.value:.4g}")
        for one in report.runs
    ]
    if rows:
        heads = [texts[one] for one in ("run", "model", "split", "metric", "value")]
        output.table(texts["runs"].format(n=number(len(rows))), heads, rows, right=heads[-1])
    if report.unclear_runs:
        n, first = number(len(report.unclear_runs)), report.unclear_runs[0]
        output.line(texts["unclear_runs"].format(n=n, first=first))


def _split(one: RunFigure, texts: Section) -> str:
    return one.split if one.fold is None else texts["fold"].format(split=one.split, fold=one.fold + 1)


def _metric(one: RunFigure, texts: Section) -> str:
    """A figure by its name; of a triple, by that and the other end."""
    name = texts.get(one.metric.replace(" ", "_"), one.metric)
    if one.relation is None:
        return name
    return f"{name}: {one.relation} {one.id or texts['somebody'].format(type=one.type)}"


def _summary(document: dict[str, Any]) -> str:
    """An answer in one line: the items of a list, or the item of an account with its text."""
    items = document.get("items")
    if isinstance(items, list):
        return ", ".join(str(item.get("label")) for item in items[:LISTED]) + (" …" if len(items) > LISTED else "")
    return str(document.get("text", ""))


def show_inferred(output: Output, found: Inferences, schema: Schema, lang: str = "en") -> None:
    """Print what is concluded."""
    texts = language(lang).section("access")
    output.line(texts["concluded"].format(model=found.model.name, snapshot=found.model.snapshot[:12]), style="bold")
    counts = [(one.step, one.label, one.id or "", f"{one.weight:.3f}") for one in found.profile]
    heads = [texts[one] for one in ("step", "to", "id", "weight")]
    output.table(texts["profile"], heads, counts, right=heads[-1])
    names, right = ["#", *(texts[one] for one in ("id", "item", "score", "why"))], f"# {texts['score']}"
    for domain, items in found.lists.items():
        listed = [(item.rank, item.id, item.label, f"{item.score:.4f}", item.reason) for item in items[:LISTED]]
        output.table(texts["lists"].format(domain=spoken_domain(schema, domain, lang)), names, listed, right=right)
    if found.new_to:
        new_to = [spoken_domain(schema, one, lang) for one in found.new_to]
        output.line(texts["new_to"].format(domains=texts["and"].join(new_to)))
    if found.vector is not None:
        output.line(texts["embedded"].format(n=len(found.vector)))
