"""What came of what was shown, counted by people: answers known by construction."""

import json
import zlib
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from kg.instant import DAY
from whyrec.events.answers import Answer
from whyrec.events.event_table import Event
from whyrec.events.log import EventLog
from whyrec.online_evaluation.attribution import attribution
from whyrec.online_evaluation.experiment import CANDIDATE, CONTROL, Experiment, report
from whyrec.online_evaluation.traffic import traffic

GROUNDS = json.dumps([["shared", "purchased > contains"], ["popularity", ""]])


def _answer(user: str, at: int, arm: str = "") -> Answer:
    told = (("Product", "p1", "cosmetics", 2.0), ("Course", "c1", "courses", 1.0))
    items = [dict(zip(("type", "id", "domain", "score"), one, strict=True)) for one in told]
    body = zlib.compress(json.dumps({"items": items, "personal": True}).encode())
    name = f"{user}-{at}"
    return Answer(name, at, user, "shop", "recommend", name.encode(), body, "home", arm, "", GROUNDS)


def _shop(folder: Path, people: dict[str, str], buyers: set[str]) -> Path:
    """Everybody is shown the same two items; buyers buy the first without saying from where, one of them twice."""
    (folder / "service").mkdir()
    with closing(EventLog(folder / "service")) as log:
        log.append([Event(f"b-{user}", "User", user, "purchased", "Product", "p1") for user in sorted(buyers)])
        log.append([Event(f"again-{user}", "User", user, "purchased", "Product", "p1") for user in sorted(buyers)[:1]])
        log.append([Event("other", "User", "v0", "purchased", "Product", "p1")])  # who was shown nothing
        at = log.since(0)[0][0]
        log.answers.remember([_answer(user, at - 1000, arm) for user, arm in people.items()])
    return folder


def test_people_are_counted_once_by_where_domain_reason_and_metapath(tmp_path: Path) -> None:
    people = {f"u{n}": "" for n in range(20)}
    folder = _shop(tmp_path, people, {f"u{n}" for n in range(10)})
    found = attribution(traffic(folder, 0, 2**62), 30, k=5)
    told = {(one.by, one.name): one for one in found.groups}
    assert found.people == 20 and {one.people for one in found.groups} == {20}
    for key in (
        ("scenario", "home"),
        ("domain", "cosmetics"),
        ("reason", "shared"),
        ("metapath", "purchased > contains"),
    ):
        (outcome,) = told[key].outcomes
        assert (outcome.relation, outcome.people, outcome.share) == ("purchased", 10, 0.5)
        assert outcome.low is not None and outcome.high is not None and 0.29 < outcome.low < 0.5 < outcome.high < 0.71
    assert told["domain", "courses"].outcomes == [] and told["reason", "popularity"].outcomes == []


def test_an_event_belongs_to_the_list_of_whoever_did_it_and_to_an_item_of_its_type(tmp_path: Path) -> None:
    (tmp_path / "service").mkdir()
    with closing(EventLog(tmp_path / "service")) as log:
        mine, ours = ("u1-1000", "u2-2000")
        log.append(
            [
                Event("another's", "User", "u1", "click", "Product", "p1", answer=ours),
                Event("nobody's", "User", "u1", "add", "Product", "p1", answer="dropped long ago"),
                Event("her own", "User", "u2", "purchased", "Product", "p1", answer=ours),
                Event("a course of this id", "User", "u2", "enrolled_in", "Course", "p1"),
            ]
        )
        at = log.since(0)[0][0]
        log.answers.remember([replace(_answer(one[:2], int(one[3:])), at=at - 10) for one in (mine, ours)])
    did = {one.id: one.did for one in traffic(tmp_path, 0, 2**62).lists}
    assert did == {mine: {0: {"click", "add"}}, ours: {0: {"purchased"}}}


def test_an_event_happened_when_it_says_and_comes_later(tmp_path: Path) -> None:
    """Events of a day that are sent at night; a clock that is behind; what was bought before it was shown."""
    (tmp_path / "service").mkdir()
    with closing(EventLog(tmp_path / "service")) as log:
        log.append([Event("now", "User", "v", "view", "Product", "p1")])
        shown = log.since(0)[0][0] - 2 * DAY
        told = {"late": shown + 1000, "behind": shown - 1000, "before": shown - 1000, "ahead": shown + 9 * DAY}
        log.answers.remember([replace(_answer(user, 0), at=shown) for user in told])
        log.append(
            [
                Event(
                    user, "User", user, "click", "Product", "p1", timestamp=at, answer={"behind": "behind-0"}.get(user)
                )
                for user, at in told.items()
            ]
        )
    did = {one.user: one.did for one in traffic(tmp_path, 0, 2**62).lists}
    assert did == {"late": {0: {"click"}}, "behind": {0: {"click"}}, "before": {}, "ahead": {}}


def test_what_came_of_a_list_of_before_is_not_what_came_of_a_later_one(tmp_path: Path) -> None:
    (tmp_path / "service").mkdir()
    with closing(EventLog(tmp_path / "service")) as log:
        log.append([Event("click", "User", "u", "click", "Product", "p1", answer="u-1")])
        at = log.since(0)[0][0]
        log.answers.remember([replace(_answer("u", 1), at=at - 1000), replace(_answer("u", 2), at=at - 10)])
    assert {one.id: one.did for one in traffic(tmp_path, at - 100, 2**62).lists} == {"u-2": {}}
    assert {one.id: one.did for one in traffic(tmp_path, 0, 2**62).lists} == {"u-1": {0: {"click"}}, "u-2": {}}


def test_fewer_than_k_people_are_not_told(tmp_path: Path) -> None:
    folder = _shop(tmp_path, {f"u{n}": "" for n in range(20)}, {"u1", "u2"})
    (one,) = {one.name: one for one in attribution(traffic(folder, 0, 2**62), 30, k=5).groups}["home"].outcomes
    assert (one.people, one.share) == ("<5", None)
    assert attribution(traffic(folder, 0, 2**62), 30, k=50).groups == []


def test_an_experiment_counts_people_after_their_day_and_finds_the_worse_arm(tmp_path: Path) -> None:
    experiment = Experiment("blend", "purchased")
    people = {f"u{n}": experiment.arm(f"u{n}") for n in range(1_000)}
    assert people == {user: experiment.arm(user) for user in people}
    assert 420 < sum(arm == CANDIDATE for arm in people.values()) < 580
    buyers = {user for n, (user, arm) in enumerate(people.items()) if n % 5 == 0 and arm == CONTROL}
    folder = _shop(tmp_path, people, buyers)
    found = traffic(folder, 0, 2**62)
    now = found.lists[0].at + DAY
    early, late = report(experiment, found, now - 1, 5), report(experiment, found, now, 5)
    assert (early.verdict, early.difference) == ("open", None)
    assert late.verdict == "worse" and late.high is not None and late.high < 0 and late.p < 0.001
    assert Experiment("other", "purchased").arm("u1") in (CONTROL, CANDIDATE)
