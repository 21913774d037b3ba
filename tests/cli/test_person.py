"""``export-person`` and ``popularity`` on the example: all that is held of one person; numbers that may leave."""

import json
import re
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from kg.privacy.budget.places import NAME, SPARE
from kg.workspace.workspace import Workspace
from tests.cli.conftest import Whyrec
from whyrec.events.answers import Answer
from whyrec.events.event_table import Event
from whyrec.events.log import EventLog

Document = Callable[..., Any]


@pytest.fixture
def copied(example: Path, tmp_path: Path) -> Path:
    """A copy of the example, to be changed."""
    return Path(shutil.copytree(example, tmp_path / "copy"))


def test_an_access_request_is_answered_with_all_that_is_held(
    document: Document, whyrec: Whyrec, example: Path, tmp_path: Path
) -> None:
    out = tmp_path / "person.json"
    report = document("-w", example, "export-person", "u0042", "--out", out)
    assert json.loads(out.read_text()) == report and report["person"] == "User:u0042"
    store = Workspace(example).open_store(read_only=True)
    try:
        relations = [name for name, one in store._schema.relation.items() if one.head == "User"]
        triples = {
            (n, row[1]) for n in relations for row in store.read_triples(n).filter(pl.col("head") == "u0042").rows()
        }
    finally:
        store.close()
    assert {(one["relation"], one["id"]) for one in report["held"]["triples"]} == triples
    assert set(report["held"]["files"]) >= {"users.csv", "purchases.csv.zst"}
    lists = {domain: [item["id"] for item in items] for domain, items in report["inferred"]["lists"].items()}
    for domain, listed in lists.items():
        answer = document("-w", example, "recommend", "u0042", "--domain", domain, "-n", "20")
        assert [item["id"] for item in answer["items"]] == listed
    assert {one["id"] for one in report["inferred"]["profile"]} >= {tail for _, tail in triples if tail.startswith("p")}
    text = json.dumps(report)
    assert not any(f'"u{n:04d}"' in text for n in range(401) if n != 42)
    shown = whyrec("-w", example, "export-person", "User:u0042")
    assert shown.exit_code == 0 and "Held in the graph" in shown.stdout and "Would be recommended" in shown.stdout
    chinese = whyrec("-w", example, "export-person", "u0042", "--lang", "zh").stdout
    assert "图中保存的内容" in chinese and "将会推荐的课程" in chinese
    assert "肤" in chinese.split("出现在")[0]  # what the graph holds has its own Chinese labels
    assert not re.search("Held|Named|Concluded|Would be|learned with|weight", chinese)
    unknown = whyrec("-w", example, "export-person", "u004")
    assert unknown.exit_code == 1 and "ids of people are not suggested" in unknown.stderr


@pytest.mark.parametrize("name", ["forgotten.json", "outputs.json"])
def test_an_export_takes_no_other_files_place(whyrec: Whyrec, copied: Path, name: str) -> None:
    (copied / name).write_text('{"files": []}')
    told = whyrec("-w", copied, "export-person", "u0042", "--out", copied / name)
    assert told.exit_code == 2 and "is there, and is something else" in " ".join(told.stderr.split())
    assert (copied / name).read_text() == '{"files": []}'


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "xlsx"])
def test_the_rows_of_every_list_are_told(document: Document, whyrec: Whyrec, copied: Path, suffix: str) -> None:
    assert whyrec("-w", copied, "recommend", "--all", "-n", "3", "--out", copied / f"all.{suffix}").exit_code == 0
    told = {one["file"]: one["rows"] for one in document("-w", copied, "export-person", "u0042")["held"]["rows"]}
    assert len(told[f"all.{suffix}"]) == 3 and all("u0042" in row for row in told[f"all.{suffix}"])


def test_whom_rejects_alone_know_is_told_of_them(document: Document, whyrec: Whyrec, copied: Path) -> None:
    held = document("-w", copied, "export-person", "u0999")["held"]  # whose one enrolment names nobody who was loaded
    assert held["triples"] == [] and {Path(one["file"]).name for one in held["rows"]} == {
        "enrolments.parquet",
        "rejects.csv",
    }
    assert document("-w", copied, "export-person", "u0401")["held"]["rows"]  # in a row with a NUL byte
    for nobody in ("u0998", "c012", "Toner"):  # the second is a course, in a rejected row too; the third a word
        assert whyrec("-w", copied, "export-person", nobody).exit_code == 1


def test_everything_of_an_event_and_an_answer_is_told(document: Document, copied: Path) -> None:
    body, draw = zlib.compress(b'{"items": []}'), '{"propensity": 0.1}'
    event = Event("e1", "User", "u0042", "click", "Product", "p0001", 2.0, 1_750_000_000_000, "a1")
    with closing(EventLog(copied / "service")) as log:
        log.append([event])
        log.answers.remember([Answer("a1", 1, "u0042", "me", "recommend", b"1", body, "home", "arm", draw)])
    told = document("-w", copied, "export-person", "u0042")
    assert told["events"][0].pop("received") is not None
    assert told["events"] == [
        {"id": "e1", "relation": "click", "type": "Product", "item": "p0001", "weight": 2.0, "answer": "a1"}
        | {"timestamp": "2025-06-15T15:06:40+00:00"}
    ]
    assert [(one["scenario"], one["arm"], one["draw"]) for one in told["answers"]] == [
        ("home", "arm", {"propensity": 0.1})
    ]


@pytest.fixture
def unspent(example: Path) -> Iterator[Path]:
    """The example with the whole budget of a day."""
    ledgers = [example / name for name in (NAME, SPARE)]
    for one in ledgers:
        one.unlink(missing_ok=True)
    yield example
    for one in ledgers:
        one.unlink(missing_ok=True)


def test_popularity_is_rounded_or_private_and_paid_for(document: Document, whyrec: Whyrec, unspent: Path) -> None:
    example = unspent
    plain = document("-w", example, "popularity", "--by", "made_by")["entities"]
    assert plain and all(one["people"] == "<5" or one["people"] % 5 == 0 for one in plain)
    private = document("-w", example, "popularity", "--domain", "courses", "--private", "--epsilon", "1.5")
    assert len(private["entities"]) == 62 and private["private"]["spent_today"] == 1.5
    assert any(one["people"] % 5 for one in private["entities"])
    told = " ".join(whyrec("-w", example, "popularity", "--private", "--epsilon", "0.01").stdout.split())
    assert "chosen by lot, so that numbers are lower than exact ones" in told
    refused = whyrec("-w", example, "popularity", "--private", "--epsilon", "3")
    assert refused.exit_code == 3 and "2.49 of 4" in refused.stderr
    for arguments in (("--epsilon", "1"), ("--by", "follows"), ("--domain", "cosmetic"), ("--out", "x.txt")):
        wrong = whyrec("-w", example, "popularity", *arguments)
        assert wrong.exit_code == 2 and "Traceback" not in wrong.output


def test_every_count_of_groups_can_be_made_private_and_pairs_are_refused(
    document: Document, whyrec: Whyrec, unspent: Path, tmp_path: Path
) -> None:
    example = unspent
    for question in (["audience", "Third Bloom"], ["item", "c001"], ["bridge", "Third Bloom"], ["gaps"], ["overview"]):
        found = document("-w", example, *question, "--private", "--epsilon", "0.5", "--out", tmp_path / "counts.csv")
        assert found["question"] == question[0] and found["private"]["epsilon"] == 0.5 and found["left_out"]
        rows = pl.read_csv(tmp_path / "counts.csv")
        assert len(rows) == sum(len(table["counts"]) for table in found["tables"]) > 10
    assert document("-w", example, "status")["privacy_budget"]["epsilon"] == 2.5
    shown = whyrec("-w", example, "overview", "--private", "--lang", "zh")
    assert "噪声" in shown.stdout and "列表" in shown.stdout and "仅产品" in shown.stdout
    (tmp_path / "mine.csv").write_text("mine")
    paid = (example / "privacy-ledger.jsonl").read_bytes()
    for question in (("popularity", "--private"), ("overview", "--private"), ("popularity",)):
        kept = whyrec("-w", example, *question, "--out", tmp_path / "mine.csv")
        assert kept.exit_code == 2 and "name another file" in kept.stderr
    assert (tmp_path / "mine.csv").read_text() == "mine" and (example / "privacy-ledger.jsonl").read_bytes() == paid
    pairs = whyrec("-w", example, "popularity", "--by", "pairs", "--private")
    assert pairs.exit_code == 2 and "14 at ε = 8" in pairs.stderr
    over = whyrec("-w", example, "gaps", "--private", "--epsilon", "2")
    assert over.exit_code == 3 and "1 of 4" in over.stderr
    alone = whyrec("-w", example, "gaps", "--epsilon", "1")
    assert alone.exit_code == 2 and "--private" in alone.stderr


@pytest.mark.parametrize(
    ("asked", "option"),
    [
        (["overview", "--html", "x.html"], "--html"),
        (["overview", "--days", "30"], "--days"),
        (["audience", "Third Bloom", "--domain", "courses"], "--domain"),
        (["audience", "Third Bloom", "--force"], "--force"),
        (["gaps", "-n", "3"], "-n"),
        (["bridge", "Third Bloom", "-n", "3"], "-n"),
    ],
)
def test_what_says_nothing_of_numbers_with_noise_is_refused_before_anything_is_paid(
    whyrec: Whyrec, unspent: Path, asked: list[str], option: str
) -> None:
    told = whyrec("-w", unspent, *asked, "--private")
    assert told.exit_code == 2 and f"{option} does not go with --private" in " ".join(told.stderr.split())
    assert not (unspent / NAME).exists() and not Path("x.html").exists()


@pytest.mark.parametrize("question", [["overview"], ["gaps"], ["item", "c001"], ["bridge", "Third Bloom"]])
def test_a_file_of_numbers_with_noise_is_not_asked_for_without(
    whyrec: Whyrec, example: Path, tmp_path: Path, question: list[str]
) -> None:
    told = whyrec("-w", example, *question, "--out", tmp_path / "counts.csv")
    assert told.exit_code == 2 and "--out goes with --private" in told.stderr


def test_it_is_said_whose_the_budget_is_and_popularity_speaks_chinese(whyrec: Whyrec, unspent: Path) -> None:
    told = " ".join(whyrec("-w", unspent, "popularity", "--private", "--epsilon", "0.1").stdout.split())
    assert "the budget of this workspace and of its copies on this machine" in told
    chinese = whyrec("-w", unspent, "popularity", "--private", "--epsilon", "0.1", "--lang", "zh").stdout
    assert (
        "各自的预算" in chinese.replace("\n", "")
        and "烟酰胺" in chinese
        and not re.search("Private|People|label", chinese)
    )
    assert "of this workspace and its copies" in " ".join(whyrec("-w", unspent, "status").stdout.split())
