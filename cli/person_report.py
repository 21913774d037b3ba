"""The answer to an access request, as a person reads it."""

from typing import Any

from cli.output import Output
from kg.counting import by_number
from kg.privacy.access_request import Held
from recommender.serving.inferences import Inferences
from whyrec.privacy.access_request import PersonReport

LISTED = 5
"""Items of each list that are shown; the document has them all."""


def show_held(output: Output, report: PersonReport) -> None:
    """Print what is held: in the graph, in files, by the service."""
    held: Held = report.held
    output.line(f"{held.type} {held.id}", style="bold")
    for name, value in held.properties.items():
        output.line(f"  {name}: {value}")
    rows = [
        (one.relation, one.label or f"a {one.type}", one.id or "", f"{one.weight:g}", one.timestamp or "")
        for one in held.triples
    ]
    output.table(
        by_number(f"Held in the graph: {len(rows):,} [triple|triples]"),
        ("relation", "to", "id", "weight", "time"),
        rows,
    )
    for file in held.rows:
        output.line(f"{file.file}: {by_number(f'{len(file.rows):,} [row|rows]')}")
    for path in held.files:
        output.line(f"Named in {path}")
    _show_service(output, report)
    _show_copies(output, report)


def _show_service(output: Output, report: PersonReport) -> None:
    told = [(one.timestamp or "", one.relation, one.item, one.weight or "") for one in report.events]
    if told:
        output.table(f"Events of the service: {len(told):,}", ("time", "relation", "item", "weight"), told)
    given = [(one.at, one.kind, _summary(one.document), one.id) for one in report.answers]
    if given:
        output.table(f"Answers that are kept: {len(given):,}", ("time", "kind", "told", "id"), given)
    if report.looks:
        looks = by_number(f"The staff looked at her {len(report.looks):,} [time|times]")
        output.line(f"{looks} since {report.looks[-1].at}")
    for decision in report.decisions:
        output.line(f"Named in decision {decision['number']} of the staff: {decision['content']}")
    listed = [(one.rank, one.item, f"{one.score:.4f}", one.reason or "", one.at or "") for one in report.published]
    if listed:
        servers = " and ".join(dict.fromkeys(one.server for one in report.published))
        output.table(f"Her list on {servers}", ("#", "item", "score", "why", "time"), listed)


def _show_copies(output: Output, report: PersonReport) -> None:
    for offer in report.offers:
        output.line(
            f"Sums, each over {offer.k} people or more, went to {offer.to} on {offer.at}: what she did before counts"
        )
    for copy in report.copies:
        learned = " and ".join(what for what, there in (("weights", copy.model), ("a vector", copy.vectors)) if there)
        triples = by_number(f"{copy.triples:,} [triple|triples]")
        output.line(
            f"{copy.folder}: {f'in force since {copy.since}, ' if copy.since else ''}{triples}, "
            f"{len(copy.no_longer):,} of which the graph has no longer; learned with her: {learned or 'nothing'}"
        )
        for one in copy.no_longer:
            output.line(
                f"  {one.relation} {one.label or f'a {one.type}'} {one.id or ''} {one.timestamp or ''}".rstrip()
            )
    for path in report.unread:
        output.line(f"{path}: of another schema; forgetting her removes it")


def _summary(document: dict[str, Any]) -> str:
    """An answer in one line: the items of a list, or the item of an account with its text."""
    items = document.get("items")
    if isinstance(items, list):
        return ", ".join(str(item.get("label")) for item in items[:LISTED]) + (" …" if len(items) > LISTED else "")
    return str(document.get("text", ""))


def show_inferred(output: Output, found: Inferences) -> None:
    """Print what is concluded."""
    output.line(f"Concluded by model {found.model.name}, snapshot {found.model.snapshot[:12]}:", style="bold")
    counts = [(one.step, one.label, one.id or "", f"{one.weight:.3f}") for one in found.profile]
    output.table("What she is scored by", ("step", "to", "id", "weight"), counts, right="weight")
    for domain, items in found.lists.items():
        listed = [(item.rank, item.id, item.label, f"{item.score:.4f}", item.reason) for item in items[:LISTED]]
        output.table(f"Would be recommended in {domain}", ("#", "id", "item", "score", "why"), listed, right="# score")
    if found.new_to:
        output.line(f"Counts as new to: {', '.join(found.new_to)}")
    if found.vector is not None:
        output.line(f"The embedding puts this person at {len(found.vector)} numbers; the document has them.")
