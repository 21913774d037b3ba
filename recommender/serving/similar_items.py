"""Similar items: what is near an item, by shared attributes and by the people who used both."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from kg.document import nearest
from kg.errors import UsageError
from kg.k_anonymity import told_count
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.attributes import attribute_types, item_attributes
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.flagged_accounts import flagged
from recommender.explanation.phrasing import Phrasing
from recommender.results.document import Item
from recommender.results.similar import SharedAttribute, Similar, SimilarItem, SimilarShares
from recommender.scoring.ranking import top_n

ATTRIBUTES_SHOWN = 5
ATTRIBUTES_TOLD = 3
HALF = 0.5


class SimilarItems:
    """Similarity of items of all domains::

        sim(i, j) = ½ Σ_t idf(t)² / (‖i‖ ‖j‖)  +  ½ n_ij / √(n_i n_j)

    t: the attributes of both, over whatever relations; idf(t) = log(1 + N / n_t), n_t of N items have t; ‖i‖: length of
    the vector of the idf of an item's attributes; n_ij: people who used both, counted only where they are at least
    k. All numbers of people are rounded down as they are told (:mod:`kg.k_anonymity`), so that a similarity is no more
    exact than they are.
    """

    def __init__(self, snapshot: Snapshot, lang: str = "en") -> None:
        self.snapshot, self.catalogue, self.lang = snapshot, Catalogue(snapshot), lang
        self.phrasing = Phrasing(snapshot, lang)
        self.language = self.phrasing.language
        self.texts = self.language.section("similar")
        binary = item_attributes(snapshot, self.catalogue).sign()
        used = np.asarray(binary.sum(axis=0)).reshape(-1)
        idf = np.log1p(self.catalogue.size / np.maximum(used, 1.0))
        self.attributes = csr_array(binary @ diags_array(idf)) if binary.shape[1] else binary
        self.lengths = np.sqrt(np.asarray(self.attributes.power(2).sum(axis=1)).reshape(-1))

    def of(self, item_id: str, n: int, domain: str | None = None) -> Similar:
        """The n nearest items of each domain, or of one.

        :raises UnknownEntityError: for an unknown item, naming the nearest ids.
        :raises UsageError: for an unknown domain.
        """
        schema = self.snapshot.schema
        if domain is not None and domain not in schema.domains:
            raise UsageError(f"unknown domain {domain!r}; {nearest(domain, list(schema.domains))}")
        entity_type, idx = self.snapshot.vocabulary.find(item_id, schema.item_types)
        position, own = self.catalogue.position(entity_type, idx), schema.entity[entity_type].domain
        by_attributes, people = self._by_attributes(position), self._people(entity_type, idx)
        by_people = self._by_people(people, position)
        total = by_attributes + by_people
        variants = self.catalogue.variants
        total[[position] if variants is None else variants.of_item(position)] = 0.0  # nor its own sizes and shades
        items = []
        for name in [domain] if domain else sorted(schema.domains, key=lambda one: one != own):
            near = (total > 0) & self.catalogue.of_domain(name)
            found = top_n(total, near if variants is None else variants.best(total, near), n)
            for rank, other in enumerate(found.tolist(), start=1):
                shares = SimilarShares(attributes=float(by_attributes[other]), people=float(by_people[other]))
                items.append(self._similar((position, other), rank, shares, int(people[other])))
        item = self._item(position)
        quoted = self.phrasing.label(entity_type, idx)
        text = self.texts["found" if items else "none"].format(n=len(items), item=quoted, k=self.snapshot.k)
        return Similar(item=item, n=n, domain=domain, items=items, text=text)

    def _by_attributes(self, position: int) -> NDArray[np.float64]:
        """The part of attributes, for every item: shape (catalogue.size,)."""
        if not self.attributes.shape[1]:
            return np.zeros(self.catalogue.size)
        products = (self.attributes @ self.attributes[[position]].T).toarray().reshape(-1)
        lengths = self.lengths * self.lengths[position]
        return np.asarray(HALF * np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0))

    def _people(self, entity_type: str, idx: int) -> NDArray[np.int64]:
        """How many people used each item and this one, whatever they did: shape (catalogue.size,)."""
        schema, found = self.snapshot.schema, dict[str, list[NDArray[np.int32]]]()
        for name in schema.interactions:
            if schema.relation[name].tail == entity_type:
                people, head = self.snapshot.neighbours(f"~{name}", idx)[0], schema.relation[name].head
                if accounts := flagged(self.snapshot, head):
                    people = people[~np.isin(people, list(accounts))]
                found.setdefault(head, []).append(people)
        counts = np.zeros(self.catalogue.size, dtype=np.int64)
        for user_type, parts in found.items():
            counts += self._used_by(user_type, np.unique(np.concatenate(parts)))
        return counts

    def _used_by(self, user_type: str, people: NDArray[np.int32]) -> NDArray[np.int64]:
        """How many of some people used each item: shape (catalogue.size,)."""
        schema, codes = self.snapshot.schema, [np.empty(0, dtype=np.int64)]
        for name in schema.interactions:
            if schema.relation[name].head == user_type:
                rows = self.snapshot.adjacency(name)[people]
                position = rows.indices + int(self.catalogue.slices[schema.relation[name].tail].start)
                who = np.repeat(np.arange(len(people)), np.diff(rows.indptr))
                codes.append(who * self.catalogue.size + position)
        return np.bincount(np.unique(np.concatenate(codes)) % self.catalogue.size, minlength=self.catalogue.size)

    def _by_people(self, people: NDArray[np.int64], position: int) -> NDArray[np.float64]:
        """The part of people, for every item; ``people`` used it and the item at a position."""
        counts = np.zeros(self.catalogue.size)
        for name, part in self.catalogue.slices.items():
            steps = [
                one for one in self.snapshot.schema.interactions if self.snapshot.schema.relation[one].tail == name
            ]
            for step in steps:
                counts[part] += np.diff(self.snapshot.adjacency(f"~{step}").indptr)
        counts, both = self._rounded(counts), self._rounded(people)
        lengths = np.sqrt(counts * counts[position])
        cosines: NDArray[np.float64] = np.divide(both, lengths, out=np.zeros(len(counts)), where=lengths > 0)
        return HALF * cosines

    def _rounded(self, people: NDArray[np.number]) -> NDArray[np.float64]:
        """Numbers of people as they may be told, 0 for fewer than k."""
        values, which = np.unique(people, return_inverse=True)
        return np.array([told_count(int(one), self.snapshot.k) or 0 for one in values], dtype=np.float64)[which]

    def _similar(self, pair: tuple[int, int], rank: int, shares: SimilarShares, people: int) -> SimilarItem:
        shared = self._shared(*pair)
        told = told_count(people, self.snapshot.k) or None
        return SimilarItem(
            **self._item(pair[1]).model_dump(),
            rank=rank,
            score=shares.attributes + shares.people,
            shares=shares,
            shared=shared[:ATTRIBUTES_SHOWN],
            other_shared=max(0, len(shared) - ATTRIBUTES_SHOWN),
            people=told,
            text=self._text(shared, told),
        )

    def _shared(self, first: int, second: int) -> list[SharedAttribute]:
        """The attributes of two items, each with its share, the largest first."""
        both = self.attributes[[first]].multiply(self.attributes[[second]]).tocoo()
        shares = HALF * both.data / max(self.lengths[first] * self.lengths[second], np.finfo(float).tiny)
        types = attribute_types(self.snapshot.schema)
        ends = np.cumsum([0, *(self.snapshot.vocabulary.count(name) for name in types)])
        found = []
        for column, share in zip(both.coords[1].tolist(), shares.tolist(), strict=True):
            position = int(np.searchsorted(ends, column, side="right")) - 1
            name, idx = types[position], int(column - ends[position])
            label = self.snapshot.label(name, idx, self.lang)
            entity_id = self.snapshot.vocabulary.id(name, idx)
            found.append(SharedAttribute(id=entity_id, type=name, label=label, share=share))
        return sorted(found, key=lambda one: (-one.share, one.type, one.id))

    def _text(self, shared: list[SharedAttribute], people: int | None) -> str:
        texts, quote = self.texts, self.language.quoted
        if not shared:
            return self.phrasing.sentence(texts["people"].format(n=people))
        labels = [quote(one.label) for one in shared[:ATTRIBUTES_TOLD]]
        told = texts["shared"].format(nodes=self.language.some(labels, len(shared)))
        return self.phrasing.sentence(told + (texts["shared_people"].format(n=people) if people else ""))

    def _item(self, position: int) -> Item:
        item_type, idx = self.catalogue.item(position)
        return Item(
            id=self.snapshot.vocabulary.id(item_type, idx),
            label=self.snapshot.label(item_type, idx, self.lang),
            type=item_type,
            domain=self.snapshot.schema.entity[item_type].domain or "",
        )
