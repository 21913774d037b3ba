"""The card: every figure of it is that of the command that measures it."""

import re
import shutil
from pathlib import Path

import pytest

import whyrec
from kg.errors import UsageError
from kg.workspace.output_file import PAGE, check_output
from kg.workspace.suppression import Suppression
from recommender.evaluation.report import Evaluation
from recommender.evaluation.significance import told_few, told_short, told_ties
from recommender.results.learning import Crossing
from recommender.texts.messages import translated
from whyrec import Engine
from whyrec.privacy.card import figures_told
from whyrec.workspace.evaluation.evaluate import UNARRANGED


def test_the_card_says_what_is_there(engine: Engine, demo: Path) -> None:
    found = engine.card(figures=False)
    told = {section.title: dict(section.rows) for section in found.sections}
    status = whyrec.open(demo).status()
    assert status.snapshot is not None and told["What it is"]["snapshot"] == status.snapshot.hash
    assert told["What it is"]["model"].startswith("none trained")
    assert told["Data"]["Product"] == f"{status.store.entities['Product']:,}, cosmetics"
    assert told["How good lists are"].keys() == {"not measured"}
    assert told["Data"]["rounded"].startswith("people to steps of 5")
    privacy = told["Privacy"]
    assert privacy["types of people"] == "User" and privacy["at rest"] == "not encrypted"
    assert privacy["forgotten, and kept away"] == "nobody, or fewer than 5 people"
    audited = engine.audit(quality=False)
    head = told["For whom, and for what"][f"{audited.domains[0].domain}: most used tenth"]
    assert f"{audited.domains[0].head_lists:.0%} of lists" in head
    rows = [line for line in found.markdown().splitlines() if line.startswith("| ")]
    assert len(rows) == sum(len(section.rows) + 1 for section in found.sections)
    assert str(demo) not in found.markdown()


def test_the_card_does_not_tell_of_the_one_who_was_forgotten(engine: Engine, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(engine.workspace.folder, tmp_path / "w"))

    def forgotten() -> str:
        """What the card says."""
        sections = {one.title: dict(one.rows) for one in whyrec.open(folder).card(figures=False).sections}
        return sections["Privacy"]["forgotten, and kept away"]

    nobody = forgotten()
    Suppression.open(folder).add([("User", "ann")])
    assert forgotten() == nobody
    Suppression.open(folder).add(("User", f"u{number}") for number in range(5))
    assert forgotten() == "5 people or more"


@pytest.mark.parametrize(("k", "told"), [(5, "0.400 [0.200, 0.400]"), (1, "0.327 [0.291, 0.362]")])
def test_figures_of_the_card_go_in_steps_that_k_people_make(k: int, told: str) -> None:
    """Of 38 people five make .13 of a mean: exactly told, two cards said what one person's list was worth."""
    ndcg = {"mean": 0.327, "low": 0.291, "high": 0.362}
    rows = [
        dict(figures_told(Evaluation.model_construct(users=38, k=10, held_out="20%", models=one, notes=[]), k))
        for one in ({"whyrec": {"ndcg": ndcg}}, {"whyrec": {"ndcg": ndcg | {"mean": 0.327 + (k > 1) * 1 / 38}}})
    ]
    assert rows[0] == rows[1] and rows[0]["NDCG@10, whyrec"] == told and ("rounded" in rows[0]) == (k > 1)


def test_a_file_that_is_somebody_elses_is_refused_in_chinese(demo: Path) -> None:
    for path in (demo / "whyrec.toml", demo / "schema.toml"):
        with pytest.raises(UsageError) as problem:
            check_output(path, PAGE, whyrec.open(demo).workspace)
        told = translated(str(problem.value), "zh")
        assert "已存在" in told and "请换一个文件名" in told and " is " not in told
    assert translated("`below` nan: expected a number", "zh") == "`below` nan：应为数字"


def test_what_a_reader_of_the_figures_should_know_is_told_in_chinese_and_of_no_few_people() -> None:
    """Of seventeen lists two end within ties of one model, and sixteen of another."""
    notes = [*told_few(17, 5), *told_short(12, 20), *told_ties({"ease": 2 / 17, "popularity": 16 / 17}, 17, 5)]
    assert "17" not in " ".join(notes) and "ease" not in notes[-1] and "popularity 100.0%" in notes[-1]
    telling = ["relation views stays in the training part and holds 93% of the tested pairs"]
    models = {"whyrec, used domains only": {"ndcg": dict.fromkeys(("mean", "low", "high"), 0.5)}}
    told = Evaluation.model_construct(
        users=17, k=10, held_out="", models=models, notes=[*notes, *telling], notices=[UNARRANGED]
    )
    rows = [text for name, text in figures_told(told, 5, "zh") if name.startswith("说明")]
    assert "NDCG@10，whyrec，仅限用过的领域" in dict(figures_told(told, 5, "zh"))
    assert len(rows) == 5 and not [one for one in rows if re.search("[a-z]+ [a-z]+ [a-z]+", one)]


def test_the_card_is_the_same_in_chinese(engine: Engine) -> None:
    """As many rows, the same numbers in each, and no name of a row in English but those of the schema."""
    first, other = (engine.card(figures=False, lang=lang).sections for lang in ("en", "zh"))
    for one, same in zip(first, other, strict=True):
        assert len(one.rows) == len(same.rows) and one.title != same.title
        if one.title not in ("Data", "For whom, and for what"):
            assert not [name for name, _ in same.rows if name.isascii()]
    digits = [[sorted(re.findall(r"[0-9.]+", told)) for _, told in part[-1].rows] for part in (first, other)]
    assert digits[0] == digits[1]


@pytest.mark.parametrize("own", [None, 0.5])
def test_how_far_a_domain_leads_is_told_in_chinese(own: float | None) -> None:
    one = Crossing(
        source="a", target="b", people=20, asked=20, reached=1, personal=1, first=1, distinct=9, own=own, with_reason=1
    )
    told = translated(one.text.partition(", ")[2], "zh")
    assert told.startswith("20 人中的 20 人：100% 有路径可达") and not re.search("[A-Za-z]", told)
