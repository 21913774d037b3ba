"""Labels within sentences: on one line, and turning nothing that follows."""

from pathlib import Path

import pytest

from kg.one_line import one_line
from recommender.explanation.phrasing import Phrasing
from tests.graphs import snapshot_of


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("Night\r\n  Cream\n", "Night Cream"),
        ("one\u2028two", "one two"),
        ("  two  blanks ", "  two  blanks "),
        ("\u202eדיב", "\u202eדיב\u202c"),
        ("a\u2067b\u202ac\u202c", "a\u2067b\u202ac\u202c\u2069"),
        ("مرحبا\u200f 👩\u200d🔬", "مرحبا\u200f 👩\u200d🔬"),
    ],
)
def test_a_label_is_on_one_line_and_ends_what_it_opens(label: str, shown: str) -> None:
    assert one_line(label) == shown


def test_a_sentence_is_one_line_whatever_an_item_is_called(tmp_path: Path) -> None:
    """A cell of two lines made two rows of every list with a reason."""
    snapshot = snapshot_of(tmp_path, {"User": ["u"], "Product": [("p", "Night\nCream")]}, {"purchased": [("u", "p")]})
    assert Phrasing(snapshot).label("Product", 0) == "“Night Cream”"
    assert list(snapshot.labels("Product")) == ["Night\nCream"]  # as it was loaded
