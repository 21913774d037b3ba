"""Loads of what is repeated: the time before the last day goes where the last time goes."""

from collections.abc import Sequence
from pathlib import Path

from kg.instant import DAY
from kg.schema import parse_schema
from tests.kg.files import graph, load_text

SCHEMA = parse_schema(
    {
        "name": "shop",
        "entity": {"User": {"sensitive": True}, "Item": {"domain": "items"}},
        "relation": {"bought": {"head": "User", "tail": "Item", "interaction": True, "repeat": True}},
    }
)
SOURCE = """\
[[source]]
file = "bought.csv"
relation = "bought"
head = "user"
tail = "item"
weight = "count"
timestamp = "at"
create_ends = true
"""


def bought(folder: Path, rows: Sequence[tuple[int, int]], more: str = "") -> tuple[object, ...]:
    """The numbers of the only pair after a load of some days, with how many were bought on each."""
    lines = [f"u,i,{count},{day * DAY}\n" for day, count in rows]
    load_text(folder, SCHEMA, SOURCE + more, {"bought.csv": "user,item,count,at\n" + "".join(lines)})
    ((_, _, *numbers),) = graph(folder, SCHEMA)["bought"]
    return tuple(numbers)


A, B, C, D, E = (20_000 + day for day in (10, 14, 19, 21, 30))  # in 2024
ALL = [(A, 2), (B, 2), (C, 2)]


def test_a_log_that_replaces_the_one_before_takes_a_day_away(tmp_path: Path) -> None:
    assert bought(tmp_path, ALL) == (6.0, C * DAY, A * DAY, 3, B * DAY)
    assert bought(tmp_path, ALL[2:], 'mode = "replace"\n') == (2.0, C * DAY, C * DAY, 1)
    assert bought(tmp_path, ALL[:2]) == (6.0, C * DAY, A * DAY, 3, B * DAY)


def test_of_a_net_log_it_is_before_the_last_purchase_that_is_kept(tmp_path: Path) -> None:
    net = 'returns = "net"\n'
    assert bought(tmp_path, [*ALL, (D, -1)], net) == (5.0, C * DAY, A * DAY, 3, B * DAY)
    assert bought(tmp_path, ALL[:2], net) == (4.0, B * DAY, A * DAY, 3)  # it says itself what is the last
    assert bought(tmp_path, [*ALL, (E, 2)], net)[1::3] == (E * DAY, C * DAY)
