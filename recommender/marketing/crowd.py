"""A crowd: everybody of a type, or a sample, with the lists that each would see."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.errors import UsageError
from kg.k_anonymity import shown_count, step_end, told_count
from recommender.catalogue.attributes import attribute_steps
from recommender.catalogue.flagged_accounts import left_out
from recommender.evaluation.significance import wilson
from recommender.linalg.sparse_matrix import binary
from recommender.profiles.profile import anchors_of
from recommender.rules.rule_set import Rules, RuleSet
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender
from recommender.texts.languages import language
from recommender.texts.paths import spoken_domain

MOST = 5_000
"""People whose lists are looked at; a larger crowd is sampled, and said to be."""
CELLS = 400_000_000
"""People × items at most, for whom is kept who may have what: of a larger catalogue fewer people are looked at."""
BLOCK = 512
FIRST = 10
"""Places of a list that count."""
Mask = NDArray[np.bool_]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Lists:
    """``positions``: shape (people, FIRST), int64, −1 where a list is shorter; ``totals``, ``paths``: likewise, scores
    and what paths contribute, 0 there; ``least``: shape (people,), the score of the last rank, −inf where there is
    room; ``packed``: what each may have, 8 items a byte."""

    positions: NDArray[np.int64]
    totals: Values
    paths: Values
    least: Values
    packed: NDArray[np.uint8]
    items: int

    def may_have(self, position: int) -> Mask:
        """Who may have an item: shape (people,)."""
        return np.asarray(self.packed[:, position >> 3] >> (7 - (position & 7)) & 1, dtype=bool)

    def allowed(self, row: int) -> Mask:
        """What one of them may have: shape (items,)."""
        return np.unpackbits(self.packed[row], count=self.items).astype(bool)


class Crowd:
    """People of one type, without accounts of which what they did is left out: those are nobody here.

    :param most: people whose lists are looked at.
    :raises UsageError: where the schema has no users.
    """

    def __init__(self, recommender: Recommender, rules: Rules, most: int = MOST, seed: int = 0) -> None:
        self.recommender, self.snapshot = recommender, recommender.snapshot
        types = self.snapshot.schema.user_types
        if not types:
            raise UsageError("the schema has no users: no relation is an interaction")
        self.user_type = max(types, key=self.snapshot.vocabulary.count)
        self.size = self.snapshot.vocabulary.count(self.user_type)
        most = min(most, max(CELLS // max(recommender.catalogue.size, 1), 1))
        self.everybody: Mask = np.ones(self.size, dtype=bool)
        self.everybody[list(left_out(self.snapshot, self.user_type))] = False
        everybody = np.flatnonzero(self.everybody)
        self.people = len(everybody)
        chosen = np.random.default_rng(seed).choice(everybody, min(most, self.people), replace=False)
        self.sample = everybody if self.people <= most else np.sort(chosen)
        self.rules: RuleSet = recommender.rule_set(rules)
        self._steps: dict[str, csr_array] = {}
        self._attributes: dict[str, list[str]] = {}

    @property
    def k(self) -> int:
        """Fewest people that may be counted."""
        return self.snapshot.k

    @property
    def looked(self) -> int:
        """How many people's lists are looked at; in steps of k where they are everybody."""
        return len(self.sample) if self.sampled else (self.told_count(self.people) or self.k)

    def shown(self, people: int) -> int | str:
        """A number of people as it may be told."""
        return shown_count(people, self.k)

    def told_count(self, people: int) -> int | None:
        """The same as a number; ``None`` for fewer than k."""
        return told_count(people, self.k)

    @property
    def sampled(self) -> bool:
        """Whether not everybody's list is looked at."""
        return len(self.sample) < self.people

    def interval(self, people: int, of: int) -> tuple[float, float] | None:
        """The 95 % interval of the part of everybody that some of those looked at are, rounding included; ``None``
        where everybody was looked at, or for fewer than k."""
        told = self.told_count(people)
        if told is None or not self.sampled:
            return None
        return wilson(told / of, of)[0], wilson(min(step_end(told, self.k) / of, 1.0), of)[1]

    def among(self, people: int, of: int, lang: str) -> str:
        """The same in words; nothing where there is none."""
        found, words = self.interval(people, of), language(lang)
        if found is None:
            return ""
        low, high = (words.percent(one) for one in found)
        return words.section("marketing")["among"].format(low=low, high=high)

    def rounding(self, lang: str) -> str:
        """How numbers of people, and what is made of them, are rounded; nothing where everybody is counted."""
        if self.k == 1:
            return ""
        return language(lang).section("marketing")["rounded"].format(k=self.k, twice=2 * self.k, ten=10 * self.k)

    def domain(self, domain: str, lang: str) -> str:
        """A domain as a person reads it."""
        return spoken_domain(self.snapshot.schema, domain, lang)

    def steps(self) -> list[str]:
        """Relations that leave these people, but for rules and what leads to other people."""
        schema = self.snapshot.schema
        return [
            name
            for name, one in schema.relation.items()
            if one.head == self.user_type and not one.rule and not schema.entity[one.tail].sensitive
        ]

    def avoids(self, entity: tuple[str, int]) -> Mask:
        """Who of everybody avoids something by a rule of the schema: shape (size,)."""
        schema, found = self.snapshot.schema, np.zeros(self.size, dtype=bool)
        for name in schema.rules:
            if schema.ends(name) == (self.user_type, entity[0]):
                found |= self.linked(name, [entity[1]])
        return found

    def linked(self, step: str, entities: Sequence[int]) -> Mask:
        """Who of everybody has one of some entities by a step: shape (size,)."""
        matrix = self.snapshot.adjacency(f"~{step}")
        found = np.zeros(self.size, dtype=bool)
        for idx in entities:
            found[matrix.indices[matrix.indptr[idx] : matrix.indptr[idx + 1]]] = True
        return found & self.everybody

    def links(self, step: str) -> csr_array:
        """What everybody has by a step: shape (size, entities)."""
        matrix = self.snapshot.adjacency(step)
        if self.people == self.size:
            return matrix
        kept = np.repeat(self.everybody, np.diff(matrix.indptr))
        indptr = np.concatenate([[0], np.cumsum(np.where(self.everybody, np.diff(matrix.indptr), 0))])
        return csr_array((matrix.data[kept], matrix.indices[kept], indptr), shape=matrix.shape)

    @cached_property
    def lists(self) -> Lists:
        """The list of each person of the sample."""
        people, items = len(self.sample), self.recommender.catalogue.size
        positions = np.full((people, FIRST), -1, dtype=np.int64)
        totals, paths, least = np.zeros((people, FIRST)), np.zeros((people, FIRST)), np.full(people, -np.inf)
        packed = np.zeros((people, -(-items // 8)), dtype=np.uint8)
        for start in range(0, people, BLOCK):
            users = self.sample[start : start + BLOCK]
            ranked = self.recommender.rank_block(self.user_type, users, self.rules, FIRST)
            packed[start : start + len(users)] = np.packbits(self.rules.block(self.user_type, users)[0], axis=1)
            lengths = np.diff(ranked.indptr)
            rows = start + np.repeat(np.arange(len(users)), lengths)
            ranks = np.arange(len(ranked.positions)) - np.repeat(ranked.indptr[:-1], lengths)
            positions[rows, ranks], totals[rows, ranks] = ranked.positions, ranked.totals
            paths[rows, ranks] = ranked.paths
            full = np.flatnonzero(lengths == FIRST)
            least[start + full] = ranked.totals[ranked.indptr[full + 1] - 1]
        return Lists(positions, totals, paths, least, packed, items)

    @cached_property
    def exposure(self) -> csr_array:
        """What each rank of each list is worth, 1 / log2(rank + 1): people × items."""
        person, rank = np.nonzero(self.lists.positions >= 0)
        worth = 1 / np.log2(np.arange(2, FIRST + 2))
        shape = (len(self.sample), self.recommender.catalogue.size)
        return csr_array((worth[rank], (person, self.lists.positions[person, rank])), shape=shape)

    @cached_property
    def used(self) -> csr_array:
        """What each person of the sample used: people × items, 1 where so."""
        catalogue, schema = self.recommender.catalogue, self.snapshot.schema
        total = csr_array((len(self.sample), catalogue.size))
        for name in schema.interactions:
            if schema.relation[name].head == self.user_type:
                own = csr_array(self.snapshot.adjacency(name)[self.sample])
                columns = own.indices.astype(np.int64) + catalogue.slices[schema.relation[name].tail].start
                total = total + csr_array((np.ones(own.nnz), columns, own.indptr), shape=total.shape)
        return binary(total)

    def has(self, positions: NDArray[np.int64]) -> Mask:
        """Who of the sample sees one of some items among the first: shape (people,)."""
        return np.asarray(np.isin(self.lists.positions, positions).any(axis=1))

    def anchors(self, step: str) -> csr_array:
        """The anchors of the sample behind a step: people × entities."""
        if step not in self._steps:
            self._steps[step] = anchors_of(self.snapshot, step, self.sample)
        return self._steps[step]

    def attribute_steps(self, item_type: str) -> list[str]:
        """Steps from an item type to its attributes."""
        if item_type not in self._attributes:
            self._attributes[item_type] = attribute_steps(self.snapshot.schema, item_type)
        return self._attributes[item_type]

    def groups(self) -> list[tuple[Scorer, NDArray[np.int64]]]:
        """The sample by the scorer that serves each person, as positions in the sample."""
        cold = self.recommender.cold_start
        return [(cold.scorer_of(domains), rows) for domains, rows in cold.groups(self.user_type, self.sample)]
