"""Every table of a page as a file: the page is made as ever, and the table of that number taken out of it."""

import csv
import io
from html.parser import HTMLParser

RISKY = ("=", "@", "+", "-", "\t")
"""With what a cell begins that a spreadsheet would compute."""


class _Tables(HTMLParser):
    """The rows of the tables of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A table, a row or a cell begins."""
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        """A cell ends."""
        if tag in ("td", "th") and self._cell is not None:
            self.tables[-1][-1].append(" ".join("".join(self._cell).split()))
            self._cell = None

    def handle_data(self, data: str) -> None:
        """Text of a cell."""
        if self._cell is not None:
            self._cell.append(data)


def table_csv(html: str, number: int) -> str | None:
    """A table of a page as CSV, counted from 0; ``None`` where there are fewer."""
    found = _Tables()
    found.feed(html)
    if number >= len(found.tables):
        return None
    text = io.StringIO()
    csv.writer(text).writerows([_safe(cell) for cell in row] for row in found.tables[number])
    return text.getvalue()


def with_links(html: str, address: str, word: str) -> str:
    """A page with a link after each table, from which it is downloaded.

    :param address: of the page, to which the number of a table is added; safe within quotes.
    """
    parts = html.split("</table>")
    links = [
        f'</table><a class="download" href="{address}table={number}">{word}</a>' for number in range(len(parts) - 1)
    ]
    return "".join(part + link for part, link in zip(parts, [*links, ""], strict=True))


def _safe(cell: str) -> str:
    if not cell.startswith(RISKY):
        return cell
    try:
        float(cell.rstrip("%").replace(",", ""))
    except ValueError:
        return f"'{cell}"
    return cell
