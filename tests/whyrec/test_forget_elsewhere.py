"""Forgetting: nothing is erased before it is sure who is meant, and whom logs or earlier snapshots alone know, too."""

import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import whyrec
from kg.errors import UnknownEntityError, UsageError
from kg.workspace.suppression import Suppression
from whyrec.events.answers import Answer
from whyrec.events.event_table import Event
from whyrec.events.log import EventLog

SCHEMA = """
name = "two"
[entity.Buyer]
sensitive = true
[entity.Learner]
sensitive = true
[entity.Product]
domain = "things"
[entity.Course]
domain = "courses"
[relation.bought]
head = "Buyer"
tail = "Product"
interaction = true
[relation.learnt]
head = "Learner"
tail = "Course"
interaction = true
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[whyrec.Engine]:
    """Forty buyers and forty learners, of whom ten share their ids; the log knows Buyer 900, Buyer and Learner 901."""
    (tmp_path / "two.toml").write_text(SCHEMA)
    people = {"Buyer": range(40), "Learner": range(30, 70)}
    for (name, ids), item, relation in zip(people.items(), ("Product", "Course"), ("bought", "learnt"), strict=True):
        (tmp_path / f"{name}.csv").write_text("\n".join(["id", *map(str, ids)]))
        (tmp_path / f"{item}.csv").write_text("\n".join(["id", *(f"{item}{n}" for n in range(9))]))
        rows = [f"{one},{item}{(one * step) % 9}" for one in ids for step in (1, 2, 4)]
        (tmp_path / f"{relation}.csv").write_text("\n".join(["head,tail", *dict.fromkeys(rows)]))
    made = whyrec.create(tmp_path / "shop", schema=str(tmp_path / "two.toml"))
    made.load(sorted(tmp_path.glob("*.csv")))
    with closing(EventLog(tmp_path / "shop" / "service")) as log:
        log.append([_event(*one) for one in LOGGED])
        body = zlib.compress(b"{}")
        log.answers.remember([Answer(f"a{n}", 1, f"{t}:{i}", "me", "recommend", b"", body) for n, (t, i) in KEPT])
    yield made


LOGGED = [("Buyer", "35"), ("Learner", "35"), ("Buyer", "900"), ("Buyer", "901"), ("Learner", "901")]
KEPT = list(enumerate(LOGGED[:2]))


def _event(user_type: str, user: str) -> Event:
    relation, item_type = ("bought", "Product") if user_type == "Buyer" else ("learnt", "Course")
    return Event(f"{user_type}{user}", user_type, user, relation, item_type, f"{item_type}1", 1.0, 1_750_000_000_000)


def _logged(engine: whyrec.Engine) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    with closing(EventLog(engine.workspace.folder / "service")) as log:
        events = [(one.user_type, one.user) for _, one in log.since(0)]
        return events, [one for _, one in KEPT if log.about(one[1], one[0])[1]]


@pytest.mark.parametrize("user", ["35", "901"])
def test_an_id_of_several_people_erases_nobody(engine: whyrec.Engine, user: str) -> None:
    with pytest.raises(UsageError, match=f"say Buyer:{user} or Learner:{user}"):
        engine.forget(user)
    assert _logged(engine) == (LOGGED, LOGGED[:2])
    engine.forget(f"Buyer:{user}")
    events, answers = _logged(engine)
    assert events == [one for one in LOGGED if one != ("Buyer", user)]
    assert answers == [one for one in LOGGED[:2] if one != ("Buyer", user)]


def test_an_answer_that_was_asked_for_by_the_id_alone_makes_no_second_person(engine: whyrec.Engine) -> None:
    with closing(EventLog(engine.workspace.folder / "service")) as log:
        log.answers.remember([Answer("a9", 1, "20", "me", "recommend", b"", zlib.compress(b"{}"))])
    assert engine.export_person("20").person == "Buyer:20"
    assert not engine.forget("20").found
    with closing(EventLog(engine.workspace.folder / "service")) as log:
        assert log.about("20", "Buyer")[1] == [] and _logged(engine)[0] == LOGGED


def test_an_unknown_id_erases_nobody(engine: whyrec.Engine) -> None:
    for nobody in ("902", "Learner:900", "Buyer:69"):
        with pytest.raises(UnknownEntityError, match="nothing was changed"):
            engine.forget(nobody)
    assert _logged(engine)[0] == LOGGED


def test_whom_the_log_alone_knows_is_forgotten_and_stays_away(engine: whyrec.Engine, tmp_path: Path) -> None:
    report = engine.forget("900")
    assert not report.found and ("Buyer", "900") not in _logged(engine)[0]
    assert Suppression.open(engine.workspace.folder).has("Buyer", "900")
    (tmp_path / "Buyer.csv").write_text("id\n900\n")
    engine.load([tmp_path / "Buyer.csv"])
    with pytest.raises(UnknownEntityError):
        engine.export_person("900")


def test_whom_an_earlier_snapshot_alone_knows_is_forgotten_there(engine: whyrec.Engine, tmp_path: Path) -> None:
    (tmp_path / "Buyer.csv").write_text("\n".join(["id", *map(str, range(1, 40))]))
    rows = (tmp_path / "bought.csv").read_text().split()
    (tmp_path / "bought.csv").write_text("\n".join(one for one in rows if not one.startswith("0,")))
    engine.load([tmp_path / "Buyer.csv", tmp_path / "bought.csv"], mode="replace", max_deletes="all")
    assert engine.export_person("0").copies
    report = engine.forget("0")
    assert not report.found
    with pytest.raises(UnknownEntityError):
        engine.export_person("Buyer:0x")
    assert Suppression.open(engine.workspace.folder).has("Buyer", "0")
    assert not any(one.folder.startswith("history/") for one in engine.export_person("Buyer:1").copies)


def test_an_id_of_several_people_with_pseudonyms_erases_nobody(
    engine: whyrec.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first of the two was erased, whoever was meant."""
    monkeypatch.setenv("WHYREC_PSEUDONYM_KEY", "a key of thirty-two bytes, or so it is")
    hidden = whyrec.create(tmp_path / "hidden", schema=str(tmp_path / "two.toml"))
    hidden.load(sorted(tmp_path.glob("*.csv")), pseudonymise=True)
    before = hidden.status().store.entities
    for asked in (hidden.forget, hidden.export_person):
        with pytest.raises(UsageError, match="say Buyer:35 or Learner:35"):
            asked("35")
    assert hidden.status().store.entities == before
    assert hidden.forget("Learner:35").deleted.entities == 1
    assert hidden.export_person("Buyer:35").person.startswith("Buyer:Buyer-")
    monkeypatch.delenv("WHYREC_PSEUDONYM_KEY")
    for asked in (hidden.forget, hidden.export_person):
        with pytest.raises(UnknownEntityError, match="ids here are pseudonyms: set WHYREC_PSEUDONYM_KEY"):
            asked("Buyer:35")
