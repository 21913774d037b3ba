"""Generations: whoever reads is never disturbed by whoever loads and trains, and what was erased is in none of them."""

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

import pytest

import whyrec
from kg.errors import ModelError, SnapshotError, TrainingError, WorkspaceError
from kg.privacy.erasure.erasure import forget
from kg.snapshot.snapshot import Snapshot
from kg.workspace.forgotten_digests import IN_STORE, Digests, shows_forgotten
from kg.workspace.generations import Generations
from kg.workspace.workspace import Workspace
from recommender.learning.carry_over import keep_vocabulary
from recommender.serving import batch
from whyrec import Engine
from whyrec.workspace.train import Training

SCHEMA = """\
name = "tiny"
[entity.User]
sensitive = true
[entity.Product]
domain = "cosmetics"
[entity.Course]
domain = "courses"
[entity.Ingredient]
[relation.purchased]
head = "User"
tail = "Product"
interaction = true
create_head = true
[relation.enrolled]
head = "User"
tail = "Course"
interaction = true
[relation.contains]
head = "Product"
tail = "Ingredient"
[relation.teaches]
head = "Course"
tail = "Ingredient"
"""
WRITER = """
import sys, time, whyrec
engine = whyrec.open(sys.argv[1])
for file in sys.argv[2:]:
    engine.load([file])
    time.sleep(1)
    engine.train(embeddings=False)
    time.sleep(1)
"""
"""A generation stays till the next but one: whoever answers once has to have opened all of it by then."""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small shop, loaded once."""
    place, draw = tmp_path_factory.mktemp("generations"), random.Random(0)
    (place / "tiny.toml").write_text(SCHEMA)
    files: dict[str, list[str]] = {
        "User.csv": ["id", *(f"u{n:02}" for n in range(40))],
        "Product.csv": ["id", *(f"p{n:02}" for n in range(20))],
        "Course.csv": ["id", *(f"c{n:02}" for n in range(8))],
        "Ingredient.csv": ["id", *(f"i{n}" for n in range(6))],
        "purchased.csv": ["head,tail", *(f"u{n:02},p{t:02}" for n in range(40) for t in draw.sample(range(20), 5))],
        "enrolled.csv": ["head,tail", *(f"u{n:02},c{t:02}" for n in range(40) for t in draw.sample(range(8), 2))],
        "contains.csv": ["head,tail", *(f"p{n:02},i{n % 6}" for n in range(20))],
        "teaches.csv": ["head,tail", *(f"c{n:02},i{n % 6}" for n in range(8))],
    }
    for name, lines in files.items():
        (place / name).write_text("\n".join(lines))
    engine = whyrec.create(place / "shop", schema=str(place / "tiny.toml"))
    engine.load([place / name for name in files])
    _ = engine.recommender  # whoever answered before has its kernels made before the next generation is current
    return place / "shop"


@pytest.fixture
def shop(loaded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(loaded, tmp_path / "shop"))


def _more(folder: Path, number: int) -> Path:
    """A file with purchases of somebody new."""
    path = folder / f"{number}" / "purchased.csv"
    path.parent.mkdir()
    path.write_text(f"head,tail\nnewcomer-{number},p01\nnewcomer-{number},p0{number + 2}\n")
    return path


def _everything(engine: Engine) -> list[object]:
    """What opens every kind of file: lists, accounts, another language, names, similar items."""
    listed = engine.recommend("u01", n=3)
    item = listed.items[0].id
    asked: list[Callable[[], object]] = [
        lambda: engine.why("u01", item, lang="zh"),
        lambda: engine.similar(item, 3),
        lambda: engine.find("i3"),
        lambda: engine.recommend(None, anchors=("purchased:p03",), n=3),
        lambda: engine.why_not("u01", "p07"),
    ]
    return [listed, *(ask() for ask in asked)]


def test_readers_answer_while_another_process_loads_and_trains(shop: Path, tmp_path: Path) -> None:
    held = whyrec.open(shop)
    before = _everything(held)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(shop), *(str(_more(tmp_path, number)) for number in range(2))],
        stderr=subprocess.PIPE,
    )
    seen, rounds = set(), 0
    while writer.poll() is None or rounds < 3:
        for lasting in (True, False):  # a service, and a program that answers once
            engine = Engine(shop, lasting=lasting)
            seen.add(engine.recommend("u01", n=3).model.snapshot)
            assert _everything(engine) and engine.recommender.model.info.snapshot
        assert held.recommend("u01", n=3) == before[0]
        rounds += 1
    _, told = writer.communicate()
    assert writer.returncode == 0, told.decode()
    assert len(seen) >= 2 and _everything(held) == before
    held.reload()
    assert held.recommend("newcomer-1", n=3).items and held.recommender.model.info.trained


def test_who_has_opened_little_of_a_generation_reads_the_rest_after_a_load(shop: Path, tmp_path: Path) -> None:
    sparing = Engine(shop, lasting=False)
    hash_then = sparing.snapshot.hash
    whyrec.open(shop).load([_more(tmp_path, 1)])
    assert _everything(sparing) and sparing.snapshot.hash == hash_then != whyrec.open(shop).snapshot.hash


def test_what_answers_need_is_there_before_a_generation_is_current(shop: Path, tmp_path: Path) -> None:
    whyrec.open(shop).find("i3")
    whyrec.open(shop).load([_more(tmp_path, 1)])
    made = Workspace(shop).generation
    files = {path for path in made.rglob("*") if path.is_file()}
    _everything(whyrec.open(shop))
    assert {path for path in made.rglob("*") if path.is_file()} == files
    assert {path.name for path in made.iterdir()} >= {"snapshot", "kernels", "names"}


def test_two_are_kept_and_what_did_not_change_is_the_same_file(shop: Path, tmp_path: Path) -> None:
    engine = whyrec.open(shop)
    engine.load([_more(tmp_path, 1)])
    loaded = Workspace(shop).generation
    engine.train(embeddings=False)
    trained = Workspace(shop).generation
    assert sorted(path.name for path in (shop / "generations").iterdir()) == sorted(
        ["current", loaded.name, trained.name]
    )
    parts = [next((folder / "snapshot").glob("*/manifest.json")) for folder in (loaded, trained)]
    assert parts[0].samefile(parts[1])


def test_what_is_killed_in_between_leaves_the_last_generation(shop: Path) -> None:
    workspace = Workspace(shop)
    before = workspace.generation
    with pytest.raises(KeyboardInterrupt), workspace.generations.building(["snapshot"]) as draft:
        assert (draft / "snapshot" / "current").is_file()
        raise KeyboardInterrupt
    assert workspace.generation == before and not draft.exists()


def test_a_workspace_of_an_earlier_version_answers_and_moves_on(shop: Path, tmp_path: Path) -> None:
    old = Workspace(shop).generation
    for part in ("snapshot", "kernels"):
        (old / part).rename(shop / part)
    shutil.rmtree(shop / "generations")
    held = whyrec.open(shop)
    before = _everything(held)
    assert Workspace(shop).generation == shop
    engine = whyrec.open(shop)
    engine.load([_more(tmp_path, 1)])
    assert (shop / "snapshot").is_dir() and _everything(held) == before  # the generation before the last
    engine.train(embeddings=False)
    assert not (shop / "snapshot").exists() and not (shop / "kernels").exists()
    assert engine.recommend("newcomer-1", n=3).items


def test_the_forgotten_are_in_no_generation(shop: Path, tmp_path: Path) -> None:
    engine = whyrec.open(shop)
    engine.load([_more(tmp_path, 1)])
    engine.load([_more(tmp_path, 2)])  # newcomer-1 is in both that are kept
    report = engine.forget("newcomer-1")
    assert (
        report.found == [] and len(Workspace(shop).generations.all()) == 2
    )  # the current one, and none before the first
    holding = [path for path in shop.rglob("*") if path.is_file() and b"newcomer-1" in path.read_bytes()]
    assert holding == []


def test_a_purchase_leaves_the_files_of_what_it_does_not_touch(shop: Path, tmp_path: Path) -> None:
    """Arrays of ingredients are the same files in the next generation."""
    (tmp_path / "purchased.csv").write_text("head,tail\nu39,p19\nu38,p19\nu37,p18\n")
    engine = whyrec.open(shop)
    before = Workspace(shop).held().snapshot()
    engine.load([tmp_path / "purchased.csv"])
    after = Workspace(shop).held().snapshot()
    assert before.hash != after.hash
    name = "contains.forward.indices.npy"
    assert (before.folder / name).samefile(after.folder / name)


def test_status_tells_how_far_the_graph_went_from_the_trained_one(shop: Path, tmp_path: Path) -> None:
    """200 purchases: 5 more are told by nobody, 40 more are a fifth."""
    engine = whyrec.open(shop)
    engine.train(embeddings=False)
    told = "20% of purchased came or went since the model was trained"
    assert not any("came or went" in one for one in engine.status().notices)
    draw = random.Random(1)
    for number, rows in enumerate((5, 35)):
        folder = tmp_path / str(number)
        folder.mkdir()
        pairs = [f"more-{number}-{n},p{draw.randrange(20):02}" for n in range(rows)]
        (folder / "purchased.csv").write_text("\n".join(["head,tail", *pairs]))
        engine.load([folder / "purchased.csv"])
        assert any(one.startswith(told) for one in engine.status().notices) == (number == 1)


def test_what_might_be_is_told_of_a_graph_that_changed_since_the_training(shop: Path, tmp_path: Path) -> None:
    """Kernels keep the degrees of the training; so do the paths of visitors, of what-if and of what was done since."""
    engine = whyrec.open(shop)
    engine.train(embeddings=False)
    draw = random.Random(2)
    pairs = [f"more-{n},p{tail:02}" for n in range(25) for tail in draw.sample(range(20), 3)]
    (tmp_path / "purchased.csv").write_text("\n".join(["head,tail", *pairs]))
    engine.load([tmp_path / "purchased.csv"])
    for n in range(10):
        user = f"u{n:02}"
        for one in engine.recommend(user, n=3, anchors=["enrolled:c07"]).items:
            told = engine.why(user, one.id, anchors=["enrolled:c07"])
            assert abs(sum(part.share for part in told.parts) - told.score) < 1e-9
        bought = engine.snapshot.neighbours("purchased", engine.snapshot.vocabulary.idx("User", user))[0]
        assert engine.what_if(user, remove=[f"purchased:p{bought[0]:02}"]).after
    for one in engine.recommend(anchors=["purchased:p03", "enrolled:c01"], n=5).items:
        assert engine.why(None, one.id, anchors=["purchased:p03", "enrolled:c01"]).parts


@pytest.mark.parametrize("moment", ["_earlier", "_fit", "_published"])
def test_a_training_that_has_read_somebody_who_is_forgotten_publishes_nothing(
    shop: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Whether she is forgotten before anything is learned, while it is, or just before all is published."""
    wanted = getattr(Training, moment)

    def forgotten_first(training: Training, *asked: object) -> object:
        monkeypatch.setattr(Training, moment, wanted)
        forget(Workspace(shop), "u07")
        return wanted(training, *asked)

    monkeypatch.setattr(Training, moment, forgotten_first)
    with pytest.raises(TrainingError, match="forgotten during the training"):
        whyrec.open(shop).train(embeddings=False)
    _check_gone(shop, b"u07")
    assert not Workspace(shop).training.exists() and whyrec.open(shop).status().model is None
    assert whyrec.open(shop).train(embeddings=False).model.trained
    _check_gone(shop, b"u07")


def test_a_training_that_began_before_another_does_not_publish_in_its_place(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody is forgotten while one training is under way, and a second, which never saw her, has begun since: the
    first is thrown away, and the second goes on."""
    fit = Training._fit

    def meanwhile(training: Training, snapshot: Snapshot) -> object:
        monkeypatch.setattr(Training, "_fit", fit)
        forget(Workspace(shop), "u07")
        keep_vocabulary(Workspace(shop).training, Workspace(shop).snapshot())  # as the second does at its beginning
        return fit(training, snapshot)

    monkeypatch.setattr(Training, "_fit", meanwhile)
    with pytest.raises(TrainingError, match="forgotten during the training"):
        whyrec.open(shop).train(embeddings=False)
    _check_gone(shop, b"u07")


def test_a_second_training_beside_one_that_goes_on_is_refused(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both would write one folder, and the model of one graph would be published with the vocabulary of the other."""
    fit = Training._fit

    def meanwhile(training: Training, snapshot: Snapshot) -> object:
        monkeypatch.setattr(Training, "_fit", fit)
        with pytest.raises(WorkspaceError, match="another training of this workspace goes on; wait until"):
            whyrec.open(shop).train(embeddings=False)
        return fit(training, snapshot)

    monkeypatch.setattr(Training, "_fit", meanwhile)
    assert whyrec.open(shop).train(embeddings=False).model.trained
    assert whyrec.open(shop).status().model is not None


def test_who_is_forgotten_in_another_workspace_of_the_store_is_in_no_model_either(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list that the store holds is known here once the graph was looked at; no folder was removed here."""
    fit = Training._fit

    def elsewhere(training: Training, snapshot: Snapshot) -> object:
        there = Digests(b"k" * 32)
        there.known.add(there.of("User", "u07"))
        there.write(shop / IN_STORE)
        return fit(training, snapshot)

    monkeypatch.setattr(Training, "_fit", elsewhere)
    with pytest.raises(TrainingError, match="forgotten during the training"):
        whyrec.open(shop).train(embeddings=False)


def test_what_is_gone_with_somebody_who_was_forgotten_is_not_called_damaged(shop: Path) -> None:
    snapshot = Workspace(shop).snapshot()
    assert not shows_forgotten(shop, snapshot) and "vocabulary" not in vars(snapshot)  # while nobody is, no id is read
    forget(Workspace(shop), "u07")
    with pytest.raises(SnapshotError, match="was replaced meanwhile; run this again"):
        _ = snapshot.vocabulary


def test_lists_of_everybody_during_which_somebody_is_forgotten_are_removed(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = batch.recommend_all

    def forgotten_before_they_are_whole(*asked: object) -> object:
        forget(Workspace(shop), "u07")
        return made(*asked)  # type: ignore[arg-type]

    engine, out = whyrec.open(shop), shop / "lists.csv"
    with monkeypatch.context() as patch:
        patch.setattr(batch, "recommend_all", forgotten_before_they_are_whole)
        with pytest.raises(ModelError, match="somebody was forgotten while lists were made"):
            engine.write_lists(out)
    assert not out.exists()
    _check_gone(shop, b"u07")
    assert whyrec.open(shop).write_lists(out).users == 39
    _check_gone(shop, b"u07")


def _check_gone(shop: Path, person: bytes) -> None:
    """No file of whyrec's holds the person: the search of this test, not of the program."""
    assert not [path for path in shop.rglob("*") if path.is_file() and person in path.read_bytes()]


def test_a_generation_goes_though_somebody_writes_in_it_as_it_is_removed(tmp_path: Path) -> None:
    """Who answers from it may make kernels there; what they leave would stay until the next load, and what was erased
    would live on in it."""
    generations = Generations(tmp_path)
    for _ in range(2):
        with generations.building([]) as draft:
            (draft / "model").mkdir()
    kernels, begun = generations.current / "kernels", Event()
    kernels.mkdir()
    for number in range(2000):  # so many that others come while these go
        (kernels / f"made{number}").touch()

    def write() -> None:
        with suppress(FileNotFoundError):
            for number in range(200):
                (kernels / str(number)).touch()
                begun.set()
                time.sleep(0.001)

    with generations.building([]):
        pass
    writer = Thread(target=write)
    writer.start()
    begun.wait()
    generations.drop_earlier()
    writer.join()
    assert [one for one in generations.all() if one != tmp_path] == [generations.current]
