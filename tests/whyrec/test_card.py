"""The card: every figure of it is that of the command that measures it."""

from pathlib import Path

import whyrec
from whyrec import Engine


def test_the_card_says_what_is_there(engine: Engine, demo: Path) -> None:
    found = engine.card(figures=False)
    told = {section.title: dict(section.rows) for section in found.sections}
    status = whyrec.open(demo).status()
    assert status.snapshot is not None and told["What it is"]["snapshot"] == status.snapshot.hash
    assert told["What it is"]["model"].startswith("none trained")
    assert told["Data"]["Product"] == f"{status.store.entities['Product']:,}, cosmetics"
    assert told["How good lists are"].keys() == {"not measured"}
    assert told["Privacy"]["types of people"] == "User" and told["Privacy"]["anybody forgotten, and kept away"] == "no"
    audited = engine.audit(quality=False)
    head = told["For whom, and for what"][f"{audited.domains[0].domain}: most used tenth"]
    assert f"{audited.domains[0].head_lists:.0%} of lists" in head
    rows = [line for line in found.markdown().splitlines() if line.startswith("| ")]
    assert len(rows) == sum(len(section.rows) + 1 for section in found.sections)
    assert str(demo) not in found.markdown()
