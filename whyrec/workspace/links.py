"""Links: proposed triples in a file that a person reads, and those accepted, loaded."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kg.errors import UsageError
from kg.privacy.pseudonym import is_pseudonymised
from kg.quality.link_proposals import LinkProposal, propose_links
from kg.snapshot.snapshot import Snapshot
from kg.text.encoder import Encode, sentence_encoder
from kg.values.formula import escaped_formula, unescaped_formula
from kg.workspace.scratch import scratch
from whyrec.reports import LinksReport, LoadReport, ProposedLink

if TYPE_CHECKING:
    from whyrec.engine import Engine

FILE = "links.csv"
COLUMNS = ("accept", "confidence", "relation", "head", "tail", "head_label", "tail_label", "because")
STARTS = tuple(mark + start for mark in (b"", b"\xef\xbb\xbf") for start in (b"accept,", b"accept;", b'"accept"'))
"""How the file may begin, a spreadsheet's after it was saved."""
YES = ("yes", "y", "1", "true", "x")


def propose(snapshot: Snapshot, out: Path, threshold: float, encode: Encode | None = None) -> LinksReport:
    """Write the proposals, those from the threshold on as accepted.

    :raises UsageError: where there is no model of the language, or the file cannot be written.
    """
    if not 0 <= threshold <= 1:
        raise UsageError(f"`threshold` {threshold}: expected 0 to 1")
    found = [_link(snapshot, one, threshold) for one in propose_links(snapshot, encode or sentence_encoder())]
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for one in found:
                cells = map(str, one.model_dump(exclude={"accepted"}).values())
                writer.writerow(["yes" if one.accepted else "", *map(escaped_formula, cells)])
    except OSError as problem:
        raise UsageError(f"{out}: cannot be written: {problem.strerror or problem}") from None
    accepted = sum(one.accepted for one in found)
    return LinksReport(out=str(out), threshold=threshold, proposed=len(found), accepted=accepted, links=found)


def load_accepted(engine: "Engine", file: Path) -> LoadReport:
    """Load the links that the file accepts; loading them again changes nothing.

    :raises UsageError: for a file that is not there, lacks a column, or accepts nothing.
    """
    triples: dict[str, list[tuple[str, str, str]]] = {}
    for row in _rows(file):
        if row["accept"].strip().casefold() in YES:
            ends = unescaped_formula(row["head"]), unescaped_formula(row["tail"])
            triples.setdefault(row["relation"], []).append((*ends, row["confidence"]))
    if not triples:
        raise UsageError(f"{file}: no link is accepted; write yes into the column accept")
    with scratch(engine.workspace.folder, "links") as folder:
        paths = []
        for relation, rows in sorted(triples.items()):
            paths.append(folder / f"{relation}.csv")
            with paths[-1].open("w", encoding="utf-8", newline="") as out:
                csv.writer(out).writerows([("head", "tail", "weight"), *(map(escaped_formula, row) for row in rows)])
        return engine.load(paths, pseudonymise=is_pseudonymised(engine.workspace.folder))


def _rows(file: Path) -> Sequence[dict[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.DictReader(opened))
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"{file}: cannot be read: {problem}; `whyrec links` writes it") from None
    missing = set(COLUMNS[:5]) - set(rows[0] if rows else COLUMNS)
    if missing:
        raise UsageError(f"{file}: no column {', '.join(sorted(missing))}; expected {', '.join(COLUMNS[:5])}")
    return rows


def _link(snapshot: Snapshot, one: LinkProposal, threshold: float) -> ProposedLink:
    """A proposal as the triple it would be."""
    ends = [(snapshot.schema.ends(one.step)[0], one.item), (snapshot.schema.ends(one.step)[1], one.attribute)]
    (head_type, head), (tail_type, tail) = ends if not one.step.startswith("~") else reversed(ends)
    return ProposedLink(
        confidence=round(one.confidence, 4),
        relation=one.step.removeprefix("~"),
        head=snapshot.vocabulary.id(head_type, head),
        tail=snapshot.vocabulary.id(tail_type, tail),
        head_label=snapshot.label(head_type, head),
        tail_label=snapshot.label(tail_type, tail),
        because=one.because,
        accepted=one.confidence >= threshold,
    )
