"""Rules that are asked for again are not made again, and never taken for others."""

from pathlib import Path

import pytest

from kg.errors import UsageError
from recommender.rules.rule_set import Rules
from whyrec.options import rules_over

HOUSE = Rules(avoid=("contains:PARFUM",), max_price=50)


def test_the_same_rules_are_made_once_for_each_house() -> None:
    asked = {"domain": None, "avoid": ("contains:ALCOHOL",), "max_price": 30.0}
    found = rules_over(HOUSE, asked)
    assert found == Rules(avoid=("contains:PARFUM", "contains:ALCOHOL"), max_price=30)
    assert rules_over(HOUSE, dict(asked)) is found
    assert rules_over(Rules(max_price=50), asked).avoid == ("contains:ALCOHOL",)
    assert rules_over(HOUSE, {**asked, "max_price": None}).max_price == 50


def test_a_file_of_rates_is_read_each_time(tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    for rate in (1.17, 1.2):
        file.write_text(f"currency,rate\nEUR,1\nGBP,{rate}\n")
        assert rules_over(HOUSE, {"rates": (str(file),)}).rates == ("EUR=1.0", f"GBP={rate}")


def test_a_wrong_value_is_told_each_time_whether_it_has_a_hash_or_not() -> None:
    for _ in range(2):
        for wrong in ("cheap", {"a": 1}):
            with pytest.raises(UsageError, match="`max_price`"):
                rules_over(HOUSE, {"max_price": wrong})
