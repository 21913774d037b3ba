"""Lists that workers share and that are made before anybody asks: the same to the byte, never of another state, and
nothing of whoever was forgotten.
"""

import re
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

import whyrec
from kg.instant import NO_TIME
from tests.whyrec.service.real_server import serving
from whyrec.events.event_table import Event
from whyrec.service import supervisor
from whyrec.service.access import Tokens
from whyrec.service.app import create_app
from whyrec.service.forgetting import forgotten
from whyrec.service.rest.questions import ListQuestion
from whyrec.service.shop import LOOK_SECONDS, Shop

if not supervisor.POSSIBLE:
    pytest.skip("workers are forked on Linux alone", allow_module_level=True)

from whyrec.service.precomputation.lists import ASKED_OFTEN, kind_of
from whyrec.service.precomputation.ring_buffer import RingBuffer
from whyrec.service.precomputation.worker import Precomputation, latest_first

SECONDS = 120.0
MEMORY = 200_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example."""
    place = tmp_path_factory.mktemp("precomputation") / "shop"
    whyrec.create(place, example=True).load()
    return place


@pytest.fixture
def shops(folder: Path) -> Iterator[tuple[Shop, Shop]]:
    """Two that share a memory, as two workers of one shop do."""
    memory = RingBuffer(10_000_000)
    both = Shop(folder, memory=memory), Shop(folder, memory=memory)
    yield both
    for one in both:
        one.close()


def asked(user: str, **more: object) -> ListQuestion:
    """A question about somebody."""
    return ListQuestion.model_validate({"user": user, **more})


def made(shop: Shop, question: ListQuestion) -> bytes:
    """What a shop answers when nothing is kept."""
    listed = shop.listed(question.user, [], question.options())
    return shop.packed_list(listed, question.user, shop.state(question.user), question.scenario)[1]


def test_what_was_prepared_is_what_would_be_answered(shops: tuple[Shop, Shop]) -> None:
    preparing, answering = shops
    work = Precomputation([preparing])
    while work.some(preparing):
        pass
    people = list(latest_first(answering.engine.snapshot))
    assert preparing.lists.memory is not None and preparing.lists.memory.count == len(people)
    for user_type, idx in people[::20]:
        question = asked(answering.engine.snapshot.vocabulary.id(user_type, idx), scenario="cart", reasons="first")
        found = answering.lists.of(question)
        assert found is not None and zlib.decompress(found.packed) == made(answering, question)
        assert found.scenario == "cart" and found.state == answering.state(question.user)


def test_those_who_came_last_are_first(shops: tuple[Shop, Shop]) -> None:
    snapshot = shops[0].engine.snapshot

    def last(user_type: str, idx: int) -> int:
        """When somebody did something last, triple by triple."""
        times = [NO_TIME]
        for name in snapshot.schema.interactions:
            if snapshot.schema.relation[name].head == user_type:
                begin, end = snapshot.adjacency(name).indptr[idx : idx + 2]
                times += snapshot.timestamps(name)[begin:end].tolist()
        return max(times)

    found = [last(*one) for one in latest_first(snapshot)]
    assert found == sorted(found, reverse=True) and len(set(found)) > 10


def test_what_changes_an_answer_is_another_answer(shops: tuple[Shop, Shop], folder: Path) -> None:
    one, other = shops
    question = asked("u0001")
    state = one.state("u0001")
    answer = one.packed_list(one.listed("u0001", [], question.options()), "u0001", state)[0]
    assert one.lists.keep(question, answer) and other.lists.of(question) is not None
    assert other.lists.of(asked("u0002")) is None and other.lists.of(asked("u0001", n=9)) is None
    assert other.lists.of(asked("u0001", anchor=["purchased:p0001"])) is None
    changes: list[Callable[[], object]] = [
        lambda: one.events.append([Event("e1", "User", "u0001", "purchased", "Product", "p0003")]),
        lambda: one.engine.decisions.publish({"avoid": ["Product:p0002"]}, "somebody"),
        lambda: whyrec.open(folder).load_events(),
    ]
    for change in changes:
        change()
        time.sleep(LOOK_SECONDS)  # after which a worker looks whether somebody loaded
        assert other.lists.of(question) is None
        assert not one.lists.keep(question, answer), "an answer of an earlier state"
        answer = one.packed_list(one.listed("u0001", [], question.options()), "u0001", one.state("u0001"))[0]
        assert one.lists.keep(question, answer) and other.lists.of(question) is not None


def test_nothing_of_the_forgotten_stays_in_memory(shops: tuple[Shop, Shop]) -> None:
    one, other = shops
    question = asked("u0009")
    answer = one.packed_list(one.listed("u0009", [], question.options()), "u0009", one.state("u0009"))[0]
    memory = one.lists.memory
    assert memory is not None and one.lists.keep(question, answer) and answer.packed in memory._memory[:]
    forgotten(other, "u0009")
    other.lists.of(asked("u0010"))
    assert answer.packed not in memory._memory[:]


def test_a_full_memory_makes_room_for_lists_of_now(folder: Path) -> None:
    shop = Shop(folder, memory=RingBuffer(MEMORY))
    work, memory = Precomputation([shop]), shop.lists.memory
    latest = [shop.engine.snapshot.vocabulary.id(*one) for one in islice(latest_first(shop.engine.snapshot), 9)]
    for number in range(3):
        shop.engine.decisions.publish({"avoid": [f"Product:p000{number + 1}"]}, "somebody")
        while work.some(shop):
            pass
        assert memory is not None and memory.full and all(shop.lists.of(asked(one)) for one in latest)
    shop.close()


def test_a_full_memory_lets_go_of_the_forgotten_though_nobody_asks(folder: Path) -> None:
    shop = Shop(folder, memory=RingBuffer(MEMORY))
    work, memory = Precomputation([shop]), shop.lists.memory
    while work.some(shop):
        pass
    first = next(latest_first(shop.engine.snapshot))
    found = shop.lists.of(asked(shop.engine.snapshot.vocabulary.id(*first)))
    assert memory is not None and memory.full and found is not None and found.packed in memory._memory[:]
    whyrec.open(folder).forget(found.user or "")
    time.sleep(LOOK_SECONDS)
    work.some(shop)
    assert found.packed not in memory._memory[:]
    shop.close()


def test_an_answer_depends_on_every_file_of_the_workspace(folder: Path) -> None:
    memory = RingBuffer(MEMORY)
    (folder / "whyrec.toml").write_text('[rules]\nrates = "rates.csv"\n', encoding="utf-8")
    (folder / "rates.csv").write_text("currency,rate\nEUR,1\nGBP,1.2\n", encoding="utf-8")
    changes = {"rates.csv": ("GBP,1.2", "GBP,0.2"), "schema.toml": ("sensitive = true", "sensitive = false")}
    before = {name: (folder / name).read_text(encoding="utf-8") for name in changes}
    try:
        for name, change in changes.items():
            shop = Shop(folder, memory=memory)
            question = asked(next(iter(shop.engine.snapshot.vocabulary.ids("User"))))
            state, listed = shop.state(question.user), shop.listed(question.user, [], question.options())
            assert shop.lists.keep(question, shop.packed_list(listed, question.user, state)[0])
            (folder / name).write_text(before[name].replace(*change), encoding="utf-8")
            started_later = Shop(folder, memory=memory)
            assert shop.lists.of(question) and not started_later.lists.of(question), name
            for one in (shop, started_later):
                one.close()
    finally:
        for name, text in {**before, "whyrec.toml": ""}.items():
            (folder / name).write_text(text, encoding="utf-8")


def test_rates_that_are_gone_are_told(folder: Path) -> None:
    (folder / "whyrec.toml").write_text('[rules]\nrates = "gone.csv"\nmax_price = "30 GBP"\n', encoding="utf-8")
    try:
        with TestClient(create_app([folder], memories={folder: RingBuffer(MEMORY)})) as client:
            headers = {"Authorization": f"Bearer {Tokens(folder)._admin}"}
            told = client.get("/api/v1/recommend", params={"user": "u0001"}, headers=headers)
        assert told.status_code in range(400, 504) and "gone.csv" in told.json()["detail"]
    finally:
        (folder / "whyrec.toml").write_text("", encoding="utf-8")


def test_what_is_asked_for_often_is_made_first_and_one_defect_holds_up_nobody(folder: Path) -> None:
    class Defective(Shop):
        """A shop that knows no list of one person."""

        def listed(self, user: str | None, anchors: Sequence[str], options: dict[str, Any]) -> Any:
            """The list."""
            return 1 // (user != "u0011") and super().listed(user, anchors, options)

    shop = Defective(folder, memory=RingBuffer(10_000_000))
    assert shop.lists.memory is not None
    shop.lists.memory.wish(kind_of(asked("u0001", n=3, lang="zh")))
    work = Precomputation([shop])
    while work.some(shop):
        pass
    assert shop.lists.memory.count == len(list(latest_first(shop.engine.snapshot))) - 1
    assert shop.lists.of(asked("u0012", n=3, lang="zh")) and not shop.lists.of(asked("u0012"))
    shop.close()


def test_chance_and_experiments_are_not_shared(folder: Path) -> None:
    (folder / "whyrec.toml").write_text("[serve]\nexplore = 0.5\n", encoding="utf-8")
    try:
        shop = Shop(folder, memory=RingBuffer(MEMORY))
        assert not shop.lists.on and not Precomputation([shop]).some(shop)
        shop.close()
    finally:
        (folder / "whyrec.toml").write_text("", encoding="utf-8")


def prepared(client: httpx.Client) -> int:
    """How many lists a service has prepared."""
    told = client.get("/metrics").text
    found = re.search(r"^whyrec_prepared_lists{.*} ([0-9.]+)$", told, re.MULTILINE)
    return int(float(found[1])) if found else 0


def test_a_service_prepares_what_is_asked_for_often(folder: Path) -> None:
    engine = whyrec.open(folder)
    people = engine.snapshot.vocabulary.ids("User")
    with serving(folder, workers=2) as served, served.client(folder) as client:
        until = time.monotonic() + SECONDS
        while prepared(client) < len(people) and time.monotonic() < until:
            time.sleep(0.1)
        for user in people[: 2 * ASKED_OFTEN]:
            assert client.get("/api/v1/recommend", params={"user": user, "n": 3}).status_code == 200
        while prepared(client) < 2 * len(people) and time.monotonic() < until:
            time.sleep(0.1)
        assert prepared(client) >= 2 * len(people)
        told = client.get("/api/v1/recommend", params={"user": people[-1], "n": 3}).json()
        expected = engine.recommend(people[-1], n=3)
        assert [one["id"] for one in told["items"]] == [one.id for one in expected.items]
        event = {"id": "e9", "user": people[-1], "relation": "hide", "item": told["items"][0]["id"]}
        assert client.post("/api/v1/events", json={"events": [event]}).status_code == 202
        again = client.get("/api/v1/recommend", params={"user": people[-1], "n": 3}).json()
        assert told["items"][0]["id"] not in [one["id"] for one in again["items"]]
