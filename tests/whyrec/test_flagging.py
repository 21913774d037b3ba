"""Flagging: told in counts, never silently; left out where asked, as if these accounts had done nothing."""

import random
import re
from pathlib import Path

import pytest

import whyrec
from kg.privacy.erasure.erasure import forget
from kg.workspace.workspace import Workspace
from tests.whyrec.test_generations import SCHEMA
from whyrec.workspace.responsibility import flagging

MADE = [f"x{n}" for n in range(8)]


def shop(folder: Path, made: bool) -> whyrec.Engine:
    """Eighty people who bought six of forty products each and, where asked, eight accounts that bought the same."""
    draw = random.Random(0)
    folder.mkdir()
    (folder / "tiny.toml").write_text(SCHEMA)
    rows = [f"u{n:02},p{t:02}" for n in range(80) for t in draw.sample(range(40), 6)]
    rows += [f"{name},p{t:02}" for name in MADE for t in range(0, 30, 5)] if made else []
    people = [*(f"u{n:02}" for n in range(80)), *MADE]
    (folder / "User.csv").write_text("\n".join(["id", *people]))
    (folder / "Product.csv").write_text("\n".join(["id", *(f"p{n:02}" for n in range(40))]))
    (folder / "purchased.csv").write_text("\n".join(["head,tail", *rows]))
    engine = whyrec.create(folder / "shop", schema=str(folder / "tiny.toml"))
    engine.load([folder / name for name in ("User.csv", "Product.csv", "purchased.csv")])
    return engine


def test_flagged_accounts_are_told_and_left_out_where_asked(tmp_path: Path) -> None:
    clean, engine = shop(tmp_path / "clean", made=False), shop(tmp_path / "made", made=True)
    assert clean.anomalies().file is None
    told = engine.anomalies(lang="zh")
    assert told.text.startswith("有 5 个账户不像真人") and "照常计入" in told.text
    report = engine.anomalies()
    assert report.types == told.types and report.text.startswith("5 accounts do not look like people")
    (found,) = report.types
    assert found.signals["duplicate"] == 5 and found.flagged == 5 and not report.left_out  # seven and eight, in steps
    rows = (engine.workspace.folder / "anomalies.csv").read_text().splitlines()
    assert [row.split(",")[1] for row in rows] == ["user_id", *MADE]  # the first of them too, and nobody else
    assert (engine.workspace.folder / "anomalies.csv").stat().st_mode & 0o077 == 0
    assert len(engine.export_person("x3").held.rows) == 1
    assert any(
        "5 flagged accounts did counts in scores, and no reason counts them" in one for one in engine.status().notices
    )
    with (engine.workspace.folder / "whyrec.toml").open("a") as file:
        file.write("[anomalies]\nleave_out = true\nwatch = true\n")
    engine = whyrec.open(engine.workspace.folder)
    assert engine.anomalies().left_out
    for user in ("u03", "u44"):
        left, right = engine.recommend(user).items, clean.recommend(user).items
        assert [(one.id, one.score, one.reason) for one in left] == [(one.id, one.score, one.reason) for one in right]
    again = engine.anomalies()
    assert again.types == report.types and again.left_out
    assert any("left out of scores" in one for one in engine.status().notices)
    loaded = engine.load([tmp_path / "made" / "Product.csv"])
    assert any("do not look like people" in one for one in loaded.notices)
    engine.forget("x3")
    assert "x3" not in (engine.workspace.folder / "anomalies.csv").read_text()


def test_who_is_forgotten_while_accounts_are_looked_at_is_not_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, told_of = shop(tmp_path / "made", made=True), flagging._told

    def forgotten_then(*asked: object) -> object:
        found = told_of(*asked)  # type: ignore[arg-type]
        if not (engine.workspace.folder / "forgotten.json").exists():
            forget(Workspace(engine.workspace.folder), "x3")
        return found

    monkeypatch.setattr(flagging, "_told", forgotten_then)
    assert engine.anomalies().file is not None
    told = (engine.workspace.folder / "anomalies.csv").read_text()
    assert "x3" not in told and all(one in told for one in ("x0", "x7"))


def test_no_reason_tells_of_more_people_than_there_are_whatever_counts_in_scores(tmp_path: Path) -> None:
    """Of the six things that eight accounts were made for, no sentence counts these accounts: in lists, in accounts
    with their parts, and beside what is similar; scores stay as they are."""
    engine = shop(tmp_path / "made", made=True)
    rows = [line.split(",") for line in (tmp_path / "made" / "purchased.csv").read_text().split()[1:]]
    targets = [f"p{n:02}" for n in range(0, 30, 5)]
    real = {one: {user for user, item in rows if item == one and user not in MADE} for one in targets}
    asked = [(user, item) for user in ("u03", "u17", "u44") for item in targets if user not in real[item]]

    def told() -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], float]]:
        accounts = {one: engine.why(*one) for one in asked}
        texts = {one: found.model_dump_json() for one, found in accounts.items()}
        most = {one: max(map(int, re.findall(r"[Aa]t least (\d+)", text)), default=0) for one, text in texts.items()}
        return most, {one: found.score for one, found in accounts.items()}

    before, scores = told()
    assert any(number > len(real[item]) for (_, item), number in before.items())
    engine.anomalies()
    after, same = told()
    assert same == scores
    assert all(number <= len(real[item]) for (_, item), number in after.items())
    for item in targets:
        for one in engine.similar(item).items:
            both = {user for user, other in rows if other == one.id and user in real[item]}
            assert one.people <= len(both)


def test_accounts_that_are_left_out_are_nobody_in_reports(tmp_path: Path) -> None:
    """They still say something of themselves and would get lists: no report counts that, and no rules preview."""
    place = tmp_path / "said"
    place.mkdir()
    (place / "schema.toml").write_text(SCHEMA + '[relation.likes]\nhead = "User"\ntail = "Ingredient"\n')
    shop(tmp_path / "made", made=True)
    (place / "Ingredient.csv").write_text("id\ni0\ni1")
    (place / "contains.csv").write_text("head,tail\np00,i0\np01,i1")
    (place / "likes.csv").write_text("\n".join(["head,tail", *(f"{one},i0" for one in (*MADE[:5], "u00", "u01"))]))
    engine = whyrec.create(place / "shop", schema=str(place / "schema.toml"))
    made = [tmp_path / "made" / f"{name}.csv" for name in ("User", "Product", "purchased")]
    engine.load([*made, *(place / f"{name}.csv" for name in ("Ingredient", "contains", "likes"))])
    engine.anomalies()

    def told() -> tuple[object, ...]:
        found, crowd = [one.said for one in engine.gaps("cosmetics").gaps if one.entity.id == "i0"], engine._crowd(None)
        return found[0], crowd.people, len(crowd.lists.positions)

    assert told() == (5, 88, 88)
    with (engine.workspace.folder / "whyrec.toml").open("a") as file:
        file.write("[anomalies]\nleave_out = true\n")
    engine = whyrec.open(engine.workspace.folder)
    assert any("still counts; `whyrec anomalies`" in one for one in engine.status().notices)
    assert "仍在计入" in engine.card(figures=False, lang="zh").markdown()
    engine.anomalies()
    assert told() == ("<5", 80, 80)
    engine.write_audience(tmp_path / "campaign.csv", "i0")
    assert not any(f",{one}," in (tmp_path / "campaign.csv").read_text() for one in MADE)
