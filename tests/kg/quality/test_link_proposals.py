"""Link proposals: an item like those that are linked is proposed, a homonym of another world is not."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from kg.quality.link_proposals import LinkProposal, propose_links, shared_steps
from kg.snapshot.snapshot import Snapshot
from tests.graphs import SCHEMA, snapshot_of

WORDS = ("soap", "making", "stress", "calm", "meditation", "mind", "web", "service", "kitchen", "bread")
SHARED: dict[str, Any] = {
    **SCHEMA,
    "entity": {**SCHEMA["entity"], "Category": {}},
    "relation": {
        **SCHEMA["relation"],
        "treats": {"head": "Product", "tail": "Concern"},
        "addresses": {"head": "Course", "tail": "Concern"},
        "of_category": {"head": "Course", "tail": "Category"},
    },
}
COURSES = {
    "calm1": ("calm mind", "mind"),
    "calm2": ("stress calm", "mind"),
    "calm3": ("stress mind", "mind"),
    "new": ("calm meditation mind", "mind"),
    "soap": ("soap making", "kitchen"),
    "bread": ("bread making", "kitchen"),
    "soapui": ("soap web service", "web"),
    "web": ("web service", "web"),
}


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """Words as dimensions."""
    found = np.array([[text.casefold().split().count(word) for word in WORDS] for text in texts], dtype=np.float32)
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9), dtype=np.float32)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Three calming courses and a soap are linked; categories part the worlds. Of two products one is linked."""
    named = [(name, label) for name, (label, _) in COURSES.items()]
    entities = {
        "Course": [*named, *((f"x{n}", "bread") for n in range(100))],
        "Product": [("p", "calm cream"), ("q", "stress calm")],
        "Concern": [("stress", "stress calm"), ("soap", "soap making")],
        "Category": [("mind", "mind"), ("kitchen", "kitchen"), ("web", "web")],
    }
    triples = {
        "addresses": [*((f"calm{n}", "stress") for n in (1, 2, 3)), ("soap", "soap")],
        "treats": [("p", "stress"), ("q", "soap")],
        "of_category": [(name, category) for name, (_, category) in COURSES.items()],
    }
    return snapshot_of(tmp_path_factory.mktemp("links"), entities, triples, SHARED)


def test_what_two_domains_share_is_found(snapshot: Snapshot) -> None:
    assert shared_steps(snapshot.schema, "Course") == ["teaches", "addresses"]


def test_the_likeliest_link_is_proposed_and_a_homonym_is_not(snapshot: Snapshot) -> None:
    found = {snapshot.vocabulary.id("Course", one.item): one for one in propose_links(snapshot, encode)}
    assert set(found) == {"new", "bread"}
    new = found["new"]
    assert snapshot.vocabulary.id("Concern", new.attribute) == "stress" and new.step == "addresses"
    assert new.because == "calm mind" and 0.6 < new.confidence <= 1
    assert found["bread"].confidence < new.confidence


def test_what_is_below_the_least_confidence_is_left_out(snapshot: Snapshot) -> None:
    assert [one.confidence >= 0.8 for one in propose_links(snapshot, encode, 0.8)] in ([], [True])


def test_where_most_items_are_linked_nothing_is_proposed(snapshot: Snapshot, tmp_path: Path) -> None:
    assert not [one for one in propose_links(snapshot, encode) if one.step in ("treats", "contains")]
    assert all(isinstance(one, LinkProposal) for one in propose_links(snapshot, encode))
