"""Traffic: what people of one domain are led to in another, attribute by attribute, and back."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, hstack

from recommender.catalogue.attributes import attribute_links, attribute_steps
from recommender.linalg.sparse_matrix import binary, times_rows
from recommender.marketing.audience import about_of
from recommender.marketing.crowd import Crowd
from recommender.marketing.segments import part_of
from recommender.results.marketing import About
from recommender.results.overview import Traffic

ROWS, COLUMNS = 14, 16
"""Entities of either side that are told, those that say most of where people are led."""
TOP = 3
"""Places of a list that count: of ten products one has nearly every ingredient."""
LEAST = 1e-9
Counts = NDArray[np.int64]
Values = NDArray[np.float64]


def traffic(crowds: Mapping[str, Crowd], lang: str) -> list[Traffic]:
    """The traffic between every two domains.

    Rows are entities of what only items of the first domain have, a topic say; columns of what items of both have, an
    ingredient or a concern; where there is no such type, of any that the items have.

    :param crowds: domain → the crowd with its lists.
    """
    return [_between(crowds, pair, lang) for pair in combinations(crowds, 2)]


def _between(crowds: Mapping[str, Crowd], pair: tuple[str, str], lang: str) -> Traffic:
    source, target = pair
    rows = _Side(crowds[source], source, _types(crowds[source], source, target, shared=False))
    columns = _Side(crowds[target], target, _types(crowds[target], target, source, shared=True))
    there, back = _Way(rows, columns), _Way(columns, rows)
    total = there.information() + back.information().T
    chosen = _most(total, 1, ROWS), _most(total, 0, COLUMNS)
    told = [[there.count_and_lift(one, other) for other in chosen[1]] for one in chosen[0]]
    returned = [[back.count_and_lift(other, one) for other in chosen[1]] for one in chosen[0]]
    return Traffic(
        source=source,
        target=target,
        source_text=crowds[source].domain(source, lang),
        target_text=crowds[target].domain(target, lang),
        rows=[rows.about(one, lang) for one in chosen[0]],
        columns=[columns.about(one, lang) for one in chosen[1]],
        there=[[count for count, _ in row] for row in told],
        there_lift=[[lift for _, lift in row] for row in told],
        back=[[count for count, _ in row] for row in returned],
        back_lift=[[lift for _, lift in row] for row in returned],
    )


def _types(crowd: Crowd, domain: str, other: str, *, shared: bool) -> list[str]:
    """Types of attributes of a domain's items: those that the other's items have too, or have not; all where none."""
    own, others = ({*_attributes(crowd, one)} for one in (domain, other))
    chosen = own & others if shared else own - others
    return [name for name in crowd.snapshot.schema.entity if name in (chosen or own)]


def _attributes(crowd: Crowd, domain: str) -> list[str]:
    schema = crowd.snapshot.schema
    types = [name for name in schema.item_types if schema.entity[name].domain == domain]
    return [schema.ends(step)[1] for name in types for step in attribute_steps(schema, name)]


class _Side:
    """One domain: which attributes of its items the people of a crowd used, and which stand in their lists.

    ``used``, ``listed``: people × entities, 1 where so; ``anybody``: who used anything of the domain.
    """

    def __init__(self, crowd: Crowd, domain: str, types: Sequence[str]) -> None:
        self.crowd = crowd
        snapshot, catalogue, lists = crowd.snapshot, crowd.recommender.catalogue, crowd.lists
        self.entities = [(name, idx) for name in types for idx in range(snapshot.vocabulary.count(name))]
        blocks = [attribute_links(snapshot, catalogue, name) for name in types]
        links = csr_array(hstack(blocks, format="csr")) if blocks else csr_array((catalogue.size, 0))
        people, ranks = np.nonzero(lists.positions[:, :TOP] >= 0)
        shown = csr_array((np.ones(len(people)), (people, lists.positions[people, ranks])), shape=crowd.used.shape)
        used = csr_array(crowd.used @ diags_array(catalogue.of_domain(domain).astype(np.float64)))
        used.eliminate_zeros()
        self.used, self.listed = binary(csr_array(used @ links)), binary(csr_array(shown @ links))
        self.anybody = np.diff(used.indptr) > 0

    def about(self, number: int, lang: str) -> About:
        """An entity by its column."""
        return about_of(self.crowd, self.entities[number], lang)


class _Way:
    """One way of the traffic: from what people used on one side to what stands in their lists on the other.

    ``people``: counts, shape (entities used, entities listed).
    """

    def __init__(self, source: _Side, target: _Side) -> None:
        self.crowd = source.crowd
        listed = times_rows(target.listed, source.anybody.astype(np.float64))
        self.people: Counts = csr_array(source.used.T @ listed).toarray().astype(np.int64)
        self.users = np.asarray(source.used.sum(axis=0)).ravel().astype(np.int64)
        self.seers = np.asarray(listed.sum(axis=0)).ravel().astype(np.int64)
        self.size = int(source.anybody.sum())

    def count_and_lift(self, one: int, other: int) -> tuple[int | None, float | None]:
        """Those who used the one and see the other, and how much oftener than anybody of the domain does; nothing where
        they, or those who do not, are fewer than k."""
        people, users, seers = int(self.people[one, other]), int(self.users[one]), int(self.seers[other])
        k, told = self.crowd.k, self.crowd.told_count
        found, *whole = told(people), told(users), told(seers), told(self.size)
        if found is None or 0 < users - people < k or 0 < seers - people < k:
            return None, None
        return found, part_of(found, whole[0] or k, k) / part_of(whole[1] or k, whole[2] or k, k)

    def information(self) -> Values:
        """How much each pair says: people times the logarithm of the lift, as mutual information counts it; 0 where
        fewer than k go that way. Shape (entities used, entities listed)."""
        expected = np.outer(self.users, self.seers) / max(self.size, 1)
        lift = np.divide(self.people, expected, out=np.ones(expected.shape), where=expected > 0)
        return np.asarray(
            np.where(self.people >= self.crowd.k, self.people * np.abs(np.log(np.maximum(lift, LEAST))), 0.0)
        )


def _most(counts: Values, axis: int, number: int) -> list[int]:
    """The rows, or columns, that say most, in that order; only those that say anything."""
    total = counts.sum(axis=axis)
    best = np.argsort(-total, kind="stable")[:number]
    return [one for one in best.tolist() if total[one] > 0]
