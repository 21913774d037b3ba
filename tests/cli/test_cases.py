"""What went wrong for others between loading and evaluating: each case of ``tests/cases`` through the program."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from kg.workspace.workspace import Workspace
from recommender.evaluation.evaluation import evaluate
from recommender.splitting.file_split import file_split
from recommender.splitting.interaction_splits import random_split
from tests.cli.conftest import Whyrec
from tests.graphs import snapshot_of

CASES = Path(__file__).parent.parent / "cases"
Document = Callable[..., Any]
SOURCES = {
    "users.csv": 'entity = "User"\nid = "user_id"\n',
    "products.csv": 'entity = "Product"\nid = "product_id"\n',
    "courses.csv": 'entity = "Course"\nid = "course_id"\nlabel = "title"\n',
    "purchases.csv": 'relation = "bought"\nhead = "user_id"\ntail = "product_id"\n',
}
LINKS = {
    "name": 'label = "name"\n',
    "brand": '[[source.link]]\nrelation = "made_by"\ntail = "brand"\n',
    "skin_type": '[[source.link]]\nrelation = "for_skin"\ntail = "skin_type"\n',
    "ingredients": '[[source.link]]\nrelation = "contains"\ntail = "ingredients"\nnormalise = "inci"\n',
    "instructor_id": '[[source.link]]\nrelation = "taught_by"\ntail = "instructor_id"\n',
}


@pytest.fixture
def load_case(tmp_path: Path, whyrec: Whyrec, document: Document) -> Callable[[str], Path]:
    """Load the files of a case into a new workspace, with the mapping a user would write."""

    def make(case: str) -> Path:
        folder = tmp_path / case
        schema = (CASES / "schema.toml").read_text() + '[relation.taught_by]\nhead = "Course"\ntail = "User"\n'
        (tmp_path / "schema.toml").write_text(schema)
        assert whyrec("init", folder, "--schema", tmp_path / "schema.toml").exit_code == 0
        (folder / "mapping.toml").write_text("\n".join(_source(path) for path in sorted((CASES / case).glob("*.csv"))))
        loaded = document("-w", folder, "load", "--allow-outside")
        assert loaded["rejected"] == 0
        return folder

    return make


def _source(path: Path) -> str:
    columns = path.read_text().splitlines()[0].split(",")
    links = [text for column, text in LINKS.items() if column in columns and path.name != "users.csv"]
    return f'[[source]]\nfile = "{path}"\n{SOURCES[path.name]}' + "".join(links)


def _listed(document: Document, folder: Path, user: str, n: int = 10) -> list[str]:
    return [item["id"] for item in document("-w", folder, "recommend", user, "-n", str(n))["items"]]


def test_b090_a_graph_of_four_triples_can_be_learned(load_case: Any, document: Document) -> None:
    folder = load_case("B090")
    trained = document("-w", folder, "train", "--epochs", "3", "--dim", "4")
    assert trained["entities"] == 6 and trained["triples"] == 4
    assert _listed(document, folder, "u1") == ["p2"]


@pytest.mark.parametrize("n", [1, 2, 10])
def test_b098_what_somebody_owns_is_never_recommended(load_case: Any, document: Document, n: int) -> None:
    assert not {"p1", "p2"} & set(_listed(document, load_case("B098"), "u1", n))


@pytest.mark.parametrize("user", ["u99", "U1", "1"])
def test_b100_an_unknown_user_gets_no_list(load_case: Any, whyrec: Whyrec, user: str) -> None:
    result = whyrec("-w", load_case("B100"), "recommend", user)
    assert result.exit_code == 1 and f"unknown User '{user}'" in result.stderr and result.stdout == ""


def test_b101_ids_that_look_like_row_numbers_are_ids(load_case: Any, document: Document) -> None:
    assert set(_listed(document, load_case("B101"), "2")) == {"pA", "pC"}


def test_b103_somebody_without_history_is_told_so(load_case: Any, document: Document) -> None:
    listed = document("-w", load_case("B103"), "recommend", "u3")
    assert not listed["personal"] and any("not personal" in notice for notice in listed["notices"])
    assert listed["items"] and not any("You " in item["reason"] for item in listed["items"])


@pytest.mark.parametrize(("user", "own", "other"), [("a1", "A3", "B3"), ("a3", "A1", "B1"), ("b1", "B3", "A3")])
def test_b104_taste_comes_before_popularity(
    load_case: Any, document: Document, user: str, own: str, other: str
) -> None:
    ranked = _listed(document, load_case("B104"), user)
    assert ranked.index(own) < ranked.index(other)


def test_b106_nobody_is_recommended_her_own_course(load_case: Any, document: Document) -> None:
    assert _listed(document, load_case("B106"), "u1") == ["c2"]


def test_b107_short_lists_and_empty_ones(load_case: Any, document: Document) -> None:
    folder = load_case("B107")
    assert _listed(document, folder, "u2") == ["p1"]
    owned = document("-w", folder, "recommend", "u1")
    assert owned["items"] == [] and owned["excluded"] == {"interacted": 1}


@pytest.mark.parametrize("case", ["B108", "B104", "B111"])
def test_b108_b111_paths_exist_and_parts_add_up_to_the_listed_score(
    load_case: Any, document: Document, case: str
) -> None:
    folder = load_case(case)
    store = Workspace(folder).open_store(read_only=True)
    users = store.read_entities("User")["id"].to_list()
    for user in users:
        for item in document("-w", folder, "recommend", user)["items"]:
            account = document("-w", folder, "why", user, item["id"])
            assert (account["score"], account["rank"]) == (item["score"], item["rank"])
            assert sum(part["share"] for part in account["parts"]) == pytest.approx(item["score"], abs=1e-9)
            for path in (path for part in account["parts"] for path in part.get("paths", ())):
                for step, (left, right) in zip(path["relations"], pairwise(path["nodes"]), strict=True):
                    ends = (right["id"], left["id"]) if step.startswith("~") else (left["id"], right["id"])
                    assert None in ends or store.existing_triples(step.removeprefix("~"), [ends]) == {ends}
    store.close()


def test_b110_every_node_of_a_path_has_its_kind(load_case: Any, document: Document) -> None:
    account = document("-w", load_case("B110"), "why", "26", "27")
    nodes = [node for part in account["parts"] for path in part.get("paths", ()) for node in path["nodes"]]
    assert {(node["type"], node["id"]) for node in nodes} >= {("User", "26"), ("Product", "26"), ("Product", "27")}
    assert {("Brand", "27")} <= {(node["type"], node["id"]) for node in nodes}


def test_b113_the_rare_shared_ingredient_is_the_first_reason(load_case: Any, document: Document) -> None:
    account = document("-w", load_case("B113"), "why", "u1", "p2")
    (shared,) = [part for part in account["parts"] if part.get("metapath") == "bought > contains > ~contains"]
    assert [node["id"] for node in shared["paths"][0]["nodes"]][2] == "NIACINAMIDE"


def test_b116_items_of_training_are_no_candidates(tmp_path: Path) -> None:
    case = CASES / "B116"
    scores = pl.read_csv(case / "scores.csv")
    pairs = pl.concat([pl.read_csv(case / name) for name in ("train.csv", "test.csv")])
    entities: dict[str, list[Any]] = {"User": ["u1"], "Product": scores["product_id"].to_list()}
    snapshot = snapshot_of(tmp_path, entities, {"purchased": list(pairs.rows())})
    split = file_split(snapshot, list(pl.read_csv(case / "test.csv").rows()))
    given = scores.sort("product_id")["score"].to_numpy()
    result = evaluate(split, {"given": lambda users: np.tile(given, (len(users), 1))}, k=1)
    assert result.models["given"]["hit_rate"]["mean"] == result.models["given"]["mrr"]["mean"] == 1.0


def test_b117_duplicates_are_one_and_never_in_both_parts(load_case: Any) -> None:
    snapshot = Workspace(load_case("B117")).snapshot()
    assert snapshot.manifest.triples["bought"] == 4
    split = random_split(snapshot, 0.5, seed=0)
    for (_, user), positions in split.test.items():
        assert not set(split.train.neighbours("bought", user)[0].tolist()) & set(positions.tolist())
    assert split.description["train"] + split.description["test"] == 4


@pytest.fixture
def load_export(tmp_path: Path, whyrec: Whyrec, document: Document) -> Callable[..., Path]:
    """Load the files of a case from B127 on by path, under its schema, with ``changes`` of words in it."""

    def make(case: str, *changes: tuple[str, str]) -> Path:
        folder = tmp_path / case
        schema = (CASES / "schema_exports.toml").read_text()
        for old, new in changes:
            assert old in schema
            schema = schema.replace(old, new, 1)
        (tmp_path / "schema.toml").write_text(schema)
        assert whyrec("init", folder, "--schema", tmp_path / "schema.toml").exit_code == 0
        document("-w", folder, "load", *sorted((CASES / case).glob("*.csv")))
        return folder

    return make


def test_b150_ids_and_labels_letter_for_letter(load_export: Any, whyrec: Whyrec) -> None:
    folder = load_export("B150")
    listed = whyrec("-w", folder, "recommend", "u1").stdout
    assert f"The whole account: whyrec -w {folder} why u1 shop:id:41\n" in listed
    shown = ("Veil :new: 30 ml", "shop:id:42", "Cream C:\\ ", "[bold red]Balm[/bold red]")
    assert [text for text in shown if text not in listed] == []
    graph = whyrec("-w", folder, "graph", "show", "u2").stdout.splitlines()
    assert {line[8:] for line in graph[2:]} == {
        "Oil [50 ml]  p4",
        "Calm Serum  shop:id:41",
        "Veil :new: 30 ml  shop:id:42",
    }
    unknown = whyrec("-w", folder, "why", "u1", "shop:id:99").stderr
    assert "'shop:id:99'" in unknown and "shop:id:41" in unknown
    for command in (("why", "u1", "shop:id:42"), ("find", "Veil"), ("item", "shop:id:42")):
        assert "Veil :new: 30 ml" in whyrec("-w", folder, *command).stdout, command


def test_b157_what_is_used_up_is_recommended_again(load_export: Any, document: Document, whyrec: Whyrec) -> None:
    once = load_export("B157")
    assert _listed(document, once, "u1") == ["serum"]
    told = document("-w", once, "why-not", "u1", "shampoo")
    assert told["reasons"][0]["kind"] == "interacted"
    assert any("`repeat = true` under [relation.bought]" in notice for notice in told["notices"])
    (once / "schema.toml").write_text((once / "schema.toml").read_text().replace("[relation.bought]", REPEATED))
    document("-w", once, "load", *sorted((CASES / "B157").glob("*.csv")))
    assert set(_listed(document, once, "u1")) == {"serum", "shampoo"}
    shown = whyrec("-w", once, "graph", "show", "u1").stdout
    assert "shampoo  weight 3" in shown


REPEATED = "[relation.bought]\nrepeat = true"
