"""Lists that workers share and that are made before anybody asks: the same to the byte, never of another state, and
nothing of whoever was forgotten.
"""

import hashlib
import os
import re
import signal
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import whyrec
from kg.snapshot.snapshot import NO_TIME
from tests.whyrec.service.real_server import serving
from whyrec.events.event_table import Event
from whyrec.service import supervisor
from whyrec.service.forgetting import forgotten
from whyrec.service.rest.questions import ListQuestion
from whyrec.service.shop import LOOK_SECONDS, Shop

if not supervisor.POSSIBLE:
    pytest.skip("workers are forked on Linux alone", allow_module_level=True)

from whyrec.service.precomputation.lists import ASKED_OFTEN
from whyrec.service.precomputation.ring_buffer import RingBuffer
from whyrec.service.precomputation.worker import Precomputation, latest_first

SECONDS = 120.0
NOW = (1, 1)
MEMORY = 200_000


def key(number: int) -> bytes:
    """A key of a ring buffer."""
    return hashlib.blake2b(number.to_bytes(8, "big"), digest_size=16).digest()


@given(st.lists(st.tuples(st.integers(0, 30), st.binary(max_size=3_000)), max_size=60))
def test_a_ring_buffer_gives_what_was_put_last_or_nothing(entries: list[tuple[int, bytes]]) -> None:
    ring, last = RingBuffer(10_000), dict[int, bytes]()
    assert ring.enter(NOW)
    for number, value in entries:
        assert ring.put(NOW, key(number), value)
        last[number] = value
        assert ring.get(key(number)) == value
    assert all(ring.get(key(number)) in (None, last.get(number)) for number in range(31))


def test_nothing_of_an_earlier_state_stays() -> None:
    ring = RingBuffer(MEMORY)
    ring.enter(NOW)
    ring.put(NOW, key(1), b"what nobody may read any more")
    ring.wish(b"{}")
    assert ring.enter((2, 1)) and not ring.enter(NOW) and ring.get(key(1)) is None
    assert b"nobody" not in ring._memory[:] and not ring.put(NOW, key(1), b"late") and ring.wishes() == [b"{}"]


def test_a_writer_that_is_killed_or_stopped_holds_nobody_up() -> None:
    ring = RingBuffer(MEMORY)
    ring.enter(NOW)
    process = os.fork()
    if not process:
        with ring._alone() as mine:
            signal.pause() if mine else None
        os._exit(1)
    try:
        until = time.monotonic() + SECONDS
        while ring.put(NOW, key(1), b"a") and time.monotonic() < until:
            time.sleep(0.01)
        assert not ring.put(NOW, key(2), b"b") and not ring.enter((2, 1))
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    assert ring.enter((2, 1)) and ring.put((2, 1), key(2), b"b") and ring.get(key(2)) == b"b"


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
