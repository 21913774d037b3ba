"""Federation: what is sent is sums of k people or more and nothing else; what is accepted is told, and goes again."""

import os
import shutil
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pyrage
import pytest
from typer.testing import CliRunner

import whyrec
from cli.main import app
from kg.errors import ReadError, UsageError
from kg.k_anonymity import told_count
from kg.snapshot.partner_sums import PartnerSums
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.shared_use.counting import shared_use
from whyrec import Engine
from whyrec.privacy.offers import sent_before

KEY = "WHYREC_FEDERATE_KEY"
K = 5


def _secret(monkeypatch: pytest.MonkeyPatch) -> str:
    """A new secret key in the environment; its public one."""
    identity = pyrage.x25519.Identity.generate()
    monkeypatch.setenv(KEY, str(identity))
    return str(identity.to_public())


def _sent(sums: PartnerSums, at: str, public: str, file: Path) -> None:
    """The same sums, as if made at another time."""
    packed = replace(sums, at=at).to_bytes()
    file.write_bytes(pyrage.encrypt(packed, [pyrage.x25519.Recipient.from_str(public)]))


def _used(snapshot: Snapshot) -> dict[str, set[tuple[str, int]]]:
    """Item, or attribute of one → the people who used it."""
    found = dict[str, set[tuple[str, int]]]()
    for name in snapshot.schema.interactions:
        head, tail = snapshot.schema.ends(name)
        matrix = snapshot.adjacency(name)
        for user in range(matrix.shape[0]):
            for item in snapshot.neighbours(name, user)[0].tolist():
                found.setdefault(f"{tail}:{snapshot.vocabulary.id(tail, item)}", set()).add((head, user))
    return found


def test_every_number_is_a_sum_over_k_people_as_counted_by_hand(engine: Engine) -> None:
    snapshot = engine.snapshot
    found, people = shared_use(snapshot, K), _used(snapshot)
    ids = [f"{kind}:{snapshot.vocabulary.id(kind, idx)}" for kind, idx in found.things]
    items = ids[: found.items]
    assert set(items) == {one for one, who in people.items() if len(who) >= K}
    assert found.used[: found.items].tolist() == [told_count(len(people[one]), K) for one in items]
    by_hand = {frozenset(two): told_count(len(people[two[0]] & people[two[1]]), K) for two in combinations(items, 2)}
    pairs = found.pairs[:, : found.of_items].T.tolist()
    assert {frozenset((ids[a], ids[b])): n for a, b, n in pairs} == {two: n for two, n in by_hand.items() if n}
    assert found.of_items and found.pairs.shape[1] > found.of_items
    for a, b, n in found.pairs[:, found.of_items :: 997].T.tolist():
        kind, idx = found.things[a]
        having = set[str]()
        for step in (f"~{name}" for name, one in snapshot.schema.relation.items() if one.tail == kind):
            item_type = snapshot.schema.ends(step)[1]
            if item_type in snapshot.schema.item_types:
                having |= {
                    f"{item_type}:{snapshot.vocabulary.id(item_type, i)}" for i in snapshot.neighbours(step, idx)[0]
                }
        theirs = set[tuple[str, int]]().union(*(people.get(one, set()) for one in having))
        whole = told_count(len(theirs & people[ids[b]]), K) or 0
        assert ids[b] not in having and n in range(K, whole + 1, K)  # differences may ask for less than it is


def test_a_partner_s_sums_are_told_as_hers_and_go_again(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender, receiver = (Path(shutil.copytree(demo, tmp_path / name)) for name in ("sender", "receiver"))
    public, file = _secret(monkeypatch), tmp_path / "offer.age"
    partner, engine = whyrec.open(sender), whyrec.open(receiver)
    before = engine.snapshot.hash
    with pytest.raises(UsageError, match=r"`k` 4: nothing that leaves may rest on fewer than 5"):
        partner.offer(public, file, k=4)
    made = partner.offer(public, file, name="Course Academy", lang="zh")
    people = [text for one in partner.snapshot.schema.user_types for text in partner.snapshot.vocabulary.ids(one)]
    packed = pyrage.decrypt(file.read_bytes(), [pyrage.x25519.Identity.from_str(os.environ[KEY])])
    sums = PartnerSums.from_bytes(packed, "offer")
    assert not set(people) & {one.partition(":")[2] for one in sums.ids}
    assert all((one % K == 0).all() and one.min() >= K for one in (sums.used, sums.people))
    assert partner.status().offers[0].fingerprint == made.fingerprint and "Course Academy" in made.learns[0]
    with pytest.raises(UsageError, match="this workspace made it itself"):
        partner.accept_offer(file)
    assert engine.accept_offer(file, dry_run=True).partner.used and engine.snapshot.hash == before
    assert engine.accept_offer(file).partner.used == made.pairs_of_items + made.pairs_with_attributes
    assert engine.snapshot.hash != before and [one.name for one in engine.status().partners] == ["Course Academy"]
    _sent(sums, "2020-01-01T00:00:00+00:00", public, old := tmp_path / "old.age")
    with pytest.raises(UsageError, match=r"made on 2020-01-01.*; ask the partner for a newer file"):
        engine.accept_offer(old)  # sent again by whoever kept it
    assert engine.accept_offer(file).replaced
    engine.remove_partner("Course Academy")
    assert engine.snapshot.hash == before
    with pytest.raises(UsageError, match=r"no partner '../x'; known: none"):
        engine.remove_partner("../x")
    assert engine.accept_offer(file).replaced is False
    told = set[str]()
    for item in engine.recommend("u0003", n=3).items:
        account = engine.why("u0003", item.id)
        assert sum(part.share for part in account.parts) == pytest.approx(item.score, abs=1e-9)
        told |= {part.text for part in account.parts if part.kernel == "partner" and part.share > 0}
    assert any("people of “Course Academy” who" in one for one in told), told
    assert not engine.export_person("u0003").offers and partner.export_person("u0003").offers
    assert "sums over people were sent" in sent_before(partner.workspace)[0] and not sent_before(engine.workspace)
    assert "合作方" in sent_before(partner.workspace, "zh")[0]
    _secret(monkeypatch)
    with pytest.raises(UsageError, match="was not encrypted to age1"):
        engine.accept_offer(file)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"people": np.array([4], dtype=np.int64)}, "fewer than the 5 people"),
        ({"first": np.array([9], dtype=np.int32)}, "names no id"),
        ({"first": np.array([-1], dtype=np.int32)}, "names no id"),
        ({"first": np.array([0, 1], dtype=np.int32), "second": np.array([1, 0], dtype=np.int32),
          "people": np.array([5, 5])}, "stands twice"),
        ({"name": "../../etc"}, "the company's name"),
        ({"used": np.array([5.0, 5.0])}, "another kind"),
        ({"ids": ("Product:a", "Product:a")}, "do not fit"),
    ],
)  # fmt: skip
def test_nothing_of_a_hostile_file_is_believed(change: dict[str, object], message: str) -> None:
    good = PartnerSums(
        "Shop", K, 10, "2026-01-01", ("Product:a", "Product:b"), np.array([5, 5]),
        np.array([0], dtype=np.int32), np.array([1], dtype=np.int32), np.array([5]),
    )  # fmt: skip
    same = PartnerSums.from_bytes(good.to_bytes(), "offer")
    assert same.ids == good.ids and same.people.tolist() == [5]
    bad = PartnerSums(**{**good.__dict__, **change})
    with pytest.raises(ReadError, match=message):
        PartnerSums.from_bytes(bad.to_bytes(), "offer")
    for cut in (b"", b"PK\x03\x04", good.to_bytes()[:-40]):
        with pytest.raises(ReadError, match="ask the partner for the file anew"):
            PartnerSums.from_bytes(cut, "offer")


def test_the_commands_say_what_to_do_next(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, where = CliRunner(), ["-w", str(demo), "federate"]
    monkeypatch.delenv(KEY, raising=False)
    lost = run.invoke(app, ["federate", "key"])
    assert lost.exit_code == 2 and "age-keygen" in lost.stderr
    public = _secret(monkeypatch)
    assert run.invoke(app, ["federate", "key"]).stdout.strip() == public
    wrong = run.invoke(app, [*where, "offer", "--to", "age1nobody", "--out", str(tmp_path / "x.age")])
    assert wrong.exit_code == 2 and "whyrec federate key" in wrong.stderr
    dry = run.invoke(app, [*where, "offer", "--to", public, "--dry-run"])
    assert (
        dry.exit_code == 0
        and "nothing was written" in dry.stdout
        and "pairs of fewer are not in the file" in dry.stdout
        and "nobody counts with more than 500 items" in dry.stdout
        and dry.stdout.splitlines()[0].endswith("of at least 5 people, none of them written")
    )
    gone = run.invoke(app, [*where, "accept", str(tmp_path / "gone.age")])
    assert gone.exit_code == 2 and "`whyrec federate offer` wrote" in gone.stderr
    (tmp_path / "x.age").write_bytes(b"age-encryption.org/v1\nrubbish")
    damaged = run.invoke(app, [*where, "accept", str(tmp_path / "x.age")])
    assert damaged.exit_code == 1 and "ask for it anew" in damaged.stderr


def test_files_of_several_k_together_tell_no_more_than_the_finest(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 7 and of 5, thirty-seven people would be 35 to 39 in one file and 35 to 41 in the other, thirty-six never both
    as 35; and a sum may stand higher in a file of 10 than one of 5 lets it, whose pairs tell the rest."""
    engine, public = whyrec.open(Path(shutil.copytree(demo, tmp_path / "sender"))), _secret(monkeypatch)
    engine.offer(public, tmp_path / "5.age", k=5)
    for k in (6, 7, 15):
        with pytest.raises(UsageError, match=f"`k` {k}: files of 5 people or more .* one of 5, 10, 20 …"):
            engine.offer(public, tmp_path / f"{k}.age", k=k)
        assert not (tmp_path / f"{k}.age").exists()
    engine.offer(public, tmp_path / "10.age", k=10)
    five, ten = (_opened(tmp_path / f"{k}.age") for k in (5, 10))
    fine, used = _numbers(five), dict(zip(five.ids, five.used.tolist(), strict=True))
    coarse = _numbers(ten)
    assert coarse and all(n <= (told_count(fine[two], 10) or 0) for two, n in coarse.items())
    assert all(n <= (told_count(used[one], 10) or 0) for one, n in zip(ten.ids, ten.used.tolist(), strict=True))
    alone = shared_use(engine.snapshot, 10)
    ids = [f"{kind}:{engine.snapshot.vocabulary.id(kind, idx)}" for kind, idx in alone.things]
    asked = {(ids[a], ids[b]): n for a, b, n in alone.pairs.T.tolist()}
    assert all(n <= asked[two] for two, n in coarse.items())
    assert any(n < asked[two] for two, n in coarse.items()) or len(coarse) < len(asked)
    items = [two for two in asked if all(one.split(":")[0] in ("Product", "Course") for one in two)]
    assert all(coarse[two] == asked[two] for two in items), "pairs of items are rounded to steps of both anyway"


def test_a_company_s_people_count_once_whatever_it_is_called(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender, receiver = (Path(shutil.copytree(demo, tmp_path / name)) for name in ("sender", "receiver"))
    partner, engine, public = whyrec.open(sender), whyrec.open(receiver), _secret(monkeypatch)
    partner.offer(public, tmp_path / "first.age", name="Academy")
    partner.offer(public, tmp_path / "other.age", name="Academy Group", k=10)
    engine.accept_offer(tmp_path / "first.age")
    with pytest.raises(UsageError, match=r'Academy Group are the people of Academy.*federate remove "Academy"'):
        engine.accept_offer(tmp_path / "other.age")
    sums = _opened(tmp_path / "first.age")
    _sent(replace(sums, name="Elsewhere", maker=""), sums.at, public, tmp_path / "same.age")  # of an earlier version
    with pytest.raises(UsageError, match="Elsewhere are the people of Academy"):
        engine.accept_offer(tmp_path / "same.age")
    assert [one.name for one in engine.status().partners] == ["Academy"]
    engine.remove_partner("Academy")
    assert engine.accept_offer(tmp_path / "other.age").partner.name == "Academy Group"


def _opened(file: Path) -> PartnerSums:
    packed = pyrage.decrypt(file.read_bytes(), [pyrage.x25519.Identity.from_str(os.environ[KEY])])
    return PartnerSums.from_bytes(packed, file.name)


def _numbers(sums: PartnerSums) -> dict[tuple[str, str], int]:
    ends = zip(sums.first.tolist(), sums.second.tolist(), sums.people.tolist(), strict=True)
    return {(sums.ids[a], sums.ids[b]): n for a, b, n in ends}
