"""How numbers of people are told: exact from k on to whoever holds the workspace, in steps to everybody else."""

from pathlib import Path

import pytest

import whyrec
from kg.k_anonymity import floored_count
from recommender.results.learning import DomainReport, EmbeddingReport, ToldDomain
from tests.whyrec.test_generations import SCHEMA
from whyrec.privacy.card import card
from whyrec.workspace.status import stepped_counts


def report(people: int, held_back: int) -> DomainReport:
    pilot = EmbeddingReport(people=held_back, gain=0.1, p=0.01, kept=False)
    figures = {"before": 0.3141, "after": 0.1879, "p": 0.022, "popularity": 0.2}
    return DomainReport(
        domain="cosmetics", users=179, people=people, held_back=held_back, kept=False, embedding=pilot, **figures
    )


@pytest.mark.parametrize(("people", "held_back"), [(25, 3), (4, 1)])
def test_figures_of_few_people_are_not_told_to_whoever_trains(people: int, held_back: int) -> None:
    told = ToldDomain.of(report(people, held_back), 5)
    assert told.held_back == "<5" and (told.before, told.after, told.p, told.popularity) == (None,) * 4
    assert told.embedding is not None and (told.embedding.people, told.embedding.gain, told.embedding.p) == (
        "<5",
        None,
        None,
    )
    assert (told.people, told.users) == ((25, 179) if people == 25 else ("<5", "<5"))


def test_figures_of_enough_people_are_told_as_they_are() -> None:
    told = ToldDomain.of(report(25, 5), 5)
    assert (told.people, told.held_back, told.users, told.before, told.after) == (25, 5, 179, 0.3141, 0.1879)
    assert [floored_count(n, 5) for n in (0, 1, 4, 5, 336)] == [0, "<5", "<5", 5, 336]


def bought(folder: Path, rows: list[tuple[int, int]]) -> whyrec.Engine:
    """A shop of who bought what."""
    folder.mkdir()
    (folder / "tiny.toml").write_text(SCHEMA)
    lines = ["head,tail,weight,timestamp", *(f"u{n:03},p{t:02},1,2024-03-0{1 + n % 5}" for n, t in rows)]
    (folder / "purchased.csv").write_text("\n".join(lines))
    (folder / "Product.csv").write_text("\n".join(["id", *(f"p{n:02}" for n in range(20))]))
    engine = whyrec.create(folder / "shop", schema=str(folder / "tiny.toml"))
    engine.load([folder / "Product.csv", folder / "purchased.csv"])
    return engine


def test_what_one_more_person_bought_is_not_the_difference_of_two_days(tmp_path: Path) -> None:
    """36 people bought two things each; the next day one more did, and bought twelve."""
    rows = [(n, t) for n in range(36) for t in (n % 20, (n + 7) % 20)]
    before = bought(tmp_path / "a", rows)
    after = bought(tmp_path / "b", [*rows, *((36, t) for t in range(12))])
    told = [stepped_counts(one.snapshot) for one in (before, after)]
    assert told[0]["User"] == told[1]["User"] == 35
    assert abs(int(told[0]["purchased"]) - int(told[1]["purchased"])) != 12
    assert int(told[1]["purchased"]) % 50 == 0  # a step is more than five times what she bought
    exact = before.status().store
    assert (exact.entities["User"], exact.triples["purchased"]) == (36, 72)


def test_neither_card_nor_service_tells_days_or_numbers_of_one_person(tmp_path: Path) -> None:
    engine = bought(tmp_path / "a", [(n, n % 20) for n in range(36)])
    page = card(engine.workspace, engine.snapshot, engine.audit(quality=False), None, engine.standing_rules).markdown()
    assert "| User | 35 |" in page and "36" not in page.split("## How")[0].replace(engine.snapshot.hash, "")
    assert "2024-02-26 to 2024-03-10" in page  # whole weeks
