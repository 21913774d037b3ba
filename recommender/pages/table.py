"""A table as HTML, for a notebook: lists and evaluations; every text is escaped as it is written."""

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from recommender.pages.characters import clean
from recommender.results.recommendation import Recommendation
from recommender.texts.languages import language

NUMBER = {"style": "text-align: right; white-space: nowrap"}
TEXT = {"style": "text-align: left"}


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], notes: Iterable[str] = ()) -> str:
    """A table with a caption, and lines under it.

    :param rows: as many cells each as there are columns; numbers and texts that begin with a digit stand to the right.
    """
    whole = Element("div")
    shown = SubElement(whole, "table")
    SubElement(shown, "caption", TEXT).text = title
    head = SubElement(SubElement(shown, "thead"), "tr")
    for column in columns:
        SubElement(head, "th", TEXT).text = column
    body = SubElement(shown, "tbody")
    for row in rows:
        line = SubElement(body, "tr")
        for cell in row:
            text = str(cell)
            SubElement(line, "td", NUMBER if text[:1].isdigit() else TEXT).text = text
    for note in notes:
        SubElement(whole, "p").text = note
    clean(whole)
    return tostring(whole, encoding="unicode", method="html")


def list_table(result: Recommendation, lang: str = "en") -> str:
    """A list of recommendations: rank, item with its id, domain, score and reason; then notices and the audit line."""
    told = language(lang)
    texts = told.section("tables")
    columns = ("#", *(texts[name] for name in ("item", "domain", "score", "reason")))
    rows = [
        (
            one.rank,
            told.with_variants(f"{one.label} ({one.id})", one.variants),
            one.domain,
            f"{one.score:.4f}",
            told.sentences([one.reason, one.habit_beside(one.reason)]),
        )
        for one in result.items
    ]
    title = texts["title"].format(user=result.user.label or texts["somebody"])
    notes = [*result.notices, *([] if rows else [texts["nothing_left"]])]
    if result.arrangement:
        notes.append(result.arrangement.text)
    if result.excluded:
        notes.append(told.audit_line(result.excluded))
    return table(title, columns, rows, notes)
