"""Rows of words in few symbols, made at once for many texts, are those of each text by itself."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.text import alphabet
from kg.text.alphabet import Alphabet
from kg.text.words import word_rows

PARTS = [*"aé水油龘ßİ-+# ，'_", "--", "\t", "\x1e", "\x03", "\0", "\ud800"]
FORMS = {1: [" 水 ", " café "], 2: [f" {chr(0x4E00 + n)} " for n in range(200)] + [" 水 油 ", " é "], 0: [" plain "]}


@pytest.mark.parametrize("forms", FORMS)
@settings(max_examples=150, deadline=None)
@given(texts=st.lists(st.lists(st.sampled_from(PARTS), max_size=12).map("".join), min_size=1, max_size=4))
def test_rows_of_many_texts(forms: int, texts: list[str]) -> None:
    known = Alphabet(FORMS[forms])
    expected = known.symbols(word_rows(texts, "'"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(alphabet, "LONG", 0)
        assert known.rows(texts, "'") == expected
        assert known.rows(texts, "'") == expected  # once more, now that its characters are known
