"""Popularity: how many people used each item, or each thing that items are linked to; as it may be told."""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kg.document import nearest
from kg.errors import UsageError
from kg.k_anonymity import shown_count
from kg.privacy.differential_privacy import Payment, ToldCounts, noise_bound, private_counts
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.interactions import Interactions
from recommender.linalg.sparse_matrix import binary
from recommender.marketing.private.release import PAIRS, paid, pairs_refused
from recommender.results.document import Result
from recommender.results.responsibility.private import PrivateRelease
from recommender.texts.languages import language


class PopularEntity(Result):
    """One entity, and how many people used it, or items linked to it."""

    id: str
    type: str
    label: str
    people: int | str
    """Rounded down, ``"<5"`` for few; with noise in a private release."""


class Popularity(Result):
    """The answer of ``popularity``: most people first."""

    by: str | None
    domain: str | None
    entities: list[PopularEntity]
    private: PrivateRelease | None
    text: str
    """What makes the numbers private, and what it cost; empty without."""
    notices: list[str] = Field(default_factory=list)


def popularity(
    snapshot: Snapshot,
    by: str | None = None,
    domain: str | None = None,
    private: Payment | None = None,
    lang: str = "en",
) -> Popularity:
    """Count people.

    :param by: a relation from items, such as ``made_by``: then people are counted by what it leads to; else by item.
    :param domain: only items of this domain.
    :param private: what a private release is paid from.
    :param lang: of labels, where the graph has them in it, and of the text.
    :raises UsageError: for an unknown relation or domain, or pairs of items, which are not told.
    :raises LimitError: where the budget of the day does not reach.
    """
    schema = snapshot.schema
    if domain is not None and domain not in schema.domains:
        raise UsageError(f"unknown domain {domain!r}; {nearest(domain, list(schema.domains))}")
    if by == PAIRS:
        raise pairs_refused(snapshot.k)
    people, keys, entities = _contributions(snapshot, by, domain)
    counts: list[int | str]
    told = None
    if private is None:
        exact = np.bincount(keys, minlength=len(entities))
        counts = [shown_count(int(one), snapshot.k) for one in exact]
    else:
        told = paid(private, f"popularity by {by or 'item'}{f' in {domain}' if domain else ''}")
        noisy = private_counts((people, keys), len(entities), private.settings, private.epsilon)
        leaves = ToldCounts.of(noisy, noise_bound(private.settings, private.epsilon, len(noisy)))
        counts = [leaves.shown(position) for position in range(len(noisy))]
    order = np.lexsort((np.arange(len(entities)), -np.array([one if isinstance(one, int) else 0 for one in counts])))
    return Popularity(
        by=by,
        domain=domain,
        entities=[_entity(snapshot, entities[position], counts[position], lang) for position in order.tolist()],
        private=told,
        text=_text(told, lang) if told is not None else "",
    )


def _contributions(
    snapshot: Snapshot, by: str | None, domain: str | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], list[tuple[str, int]]]:
    """Person and key of each contribution, a pair once, and what the keys are: type and index."""
    interactions, schema = Interactions(snapshot), snapshot.schema
    catalogue, matrix = interactions.catalogue, interactions.matrix
    if by is None:
        inside = np.flatnonzero(catalogue.of_domain(domain)) if domain else np.arange(catalogue.size)
        found = matrix[:, inside].tocoo()
        entities = [catalogue.item(int(position)) for position in inside]
        return found.coords[0].astype(np.int64), found.coords[1].astype(np.int64), entities
    known = [name for name in schema.relation if schema.relation[name].head in schema.item_types]
    if by not in known:
        raise UsageError(f"by {by!r}: expected a relation of items; {nearest(by, known)}")
    head, tail = schema.ends(by)
    if schema.entity[tail].sensitive:
        raise UsageError(f"by {by!r}: it leads to people, and people are not counted one by one")
    if domain is not None and schema.entity[head].domain != domain:
        raise UsageError(f"by {by!r}: its items are in {schema.entity[head].domain}, not in {domain}")
    found = binary(matrix[:, catalogue.slices[head]] @ binary(snapshot.adjacency(by))).tocoo()
    entities = [(tail, idx) for idx in range(snapshot.vocabulary.count(tail))]
    return found.coords[0].astype(np.int64), found.coords[1].astype(np.int64), entities


def _text(told: PrivateRelease, lang: str) -> str:
    texts = language(lang).section("private")
    figures = {name: f"{getattr(told, name):g}" for name in ("epsilon", "delta", "spent_today", "per_day")}
    whose, most = texts["whose_shared" if told.shared else "whose_own"], told.contributions
    rounded = {"noise": f"{told.noise:.1f}", "guess": f"{100 * told.guess:.0f}"}
    return texts["popularity"].format(**figures, **rounded, contributions=most, whose=whose)


def _entity(snapshot: Snapshot, entity: tuple[str, int], people: int | str, lang: str) -> PopularEntity:
    entity_type, idx = entity
    entity_id, label = snapshot.vocabulary.id(entity_type, idx), snapshot.label(entity_type, idx, lang)
    return PopularEntity(id=entity_id, type=entity_type, label=label, people=people)
