"""Accounts as a person reads them, over both directions between the domains, in English and in Chinese.

After a change of phrases or weights that is meant, WHYREC_WRITE_GOLDENS=1 writes the files anew; read them aloud then.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Document = Callable[..., Any]
GOLDENS = Path(__file__).with_name("goldens")
ACCOUNTS = {
    "learner_to_product_en": ("u0002", "p0193", "en"),
    "learner_to_product_zh": ("u0002", "p0193", "zh"),
    "buyer_to_course_en": ("u0003", "c005", "en"),
    "buyer_to_course_zh": ("u0003", "c005", "zh"),
}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_an_account_reads_as_it_was_signed(document: Document, example: Path, name: str) -> None:
    user, item, lang = ACCOUNTS[name]
    account = document("-w", example, "why", user, item, "--lang", lang)
    lines = [account["text"], ""]
    lines += [*(f"{group['percent']:5.1f}%  {group['text']}" for group in account["groups"]), ""]
    for part in account["parts"]:
        lines.append(f"{part['share']:+.4f}  {part['text']}")
        lines += [f"         {path['share']:+.4f}  {path['text']}" for path in part.get("paths", ())[1:]]
    file = GOLDENS / f"{name}.txt"
    if os.environ.get("WHYREC_WRITE_GOLDENS"):
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert "\n".join(lines) + "\n" == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ACCOUNTS)
def test_no_account_has_raw_ids_doubled_words_or_other_people(name: str) -> None:
    text = (GOLDENS / f"{name}.txt").read_text(encoding="utf-8")
    assert not re.search(r"\b[upc]\d{3,4}\b|[a-z]+_[a-z]+|\b[A-Z]{4,} [A-Z]{4,}\b", text)
    assert not re.search(r"\b(\w+) \1\b", text, flags=re.IGNORECASE)
    assert not re.search(r"它的的|的的|，，|。。|\.\.|  \S*“”", text)
    assert all(int(count) >= 5 for count in re.findall(r"(\d+) (?:others who|位)", text))
