"""Groups of items that an audit compares: by attribute, price, age, and how popular they are."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, hstack

from recommender.catalogue.attributes import attribute_links, attribute_types
from recommender.catalogue.catalogue import NEWEST
from recommender.linalg.sparse_matrix import binary
from recommender.marketing.crowd import Crowd
from recommender.texts.language import Section
from recommender.texts.languages import language
from recommender.texts.paths import spoken_type

MOST_GROUPS, MOST_EACH = 60, 1.5
"""An attribute parts a domain where an item has at most so many on average; of more groups, such as the brands of a
large shop, the most used are told and all others are one."""
LEAST_EACH = 2
"""Items of each value on average from which a property parts a domain, as that of an author; a name does not."""
BANDS = 4
"""Bands of price, of as many items each."""
HEAD = 0.1
"""Part of a domain's items that is its head: those that most people used."""


@dataclass(frozen=True)
class Side:
    """One way to part the items of a domain.

    ``text``: its name in words; ``membership``: shape (catalogue.size, groups), float64: how much of an item is in each
    group, each row summing to 1 or, where nothing is known of the item, 0.
    """

    name: str
    text: str
    labels: list[str]
    membership: csr_array


def sides(crowd: Crowd, domain: str, lang: str = "en") -> list[Side]:
    """All ways to part the items of a domain; one of which fewer than two groups have items is left out."""
    inside = crowd.recommender.catalogue.of_domain(domain)
    found = [_attribute(crowd, inside, name, lang) for name in attribute_types(crowd.snapshot.schema)]
    texts = language(lang).section("audit")
    found += [_property(crowd, inside, name, texts) for name in _named(crowd, domain)]
    bands = _labelled("price", texts, *_prices(crowd, inside))
    ages = _labelled("age", texts, [texts["new"], texts["older"]], _ages(crowd, inside))
    most = np.where(inside, np.where(head(crowd, inside), 0, 1), -1)
    halves = _labelled("popularity", texts, [texts["most"], texts["rest"]], most)
    return [side for side in (*found, bands, ages, halves) if side is not None and len(side.labels) > 1]


def head(crowd: Crowd, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The tenth of some items that most people used: shape (catalogue.size,); equal ones by position."""
    used = np.where(inside, crowd.recommender.catalogue.people, -1)
    chosen = np.zeros(len(inside), dtype=bool)
    chosen[np.argsort(-used, kind="stable")[: max(int(inside.sum() * HEAD), 1)]] = True
    return chosen & inside


def _attribute(crowd: Crowd, inside: NDArray[np.bool_], name: str, lang: str) -> Side | None:
    links = binary(attribute_links(crowd.snapshot, crowd.recommender.catalogue, name))
    links = csr_array(diags_array(inside.astype(np.float64)) @ links)
    links.eliminate_zeros()
    kept = np.flatnonzero(np.bincount(links.indices, minlength=links.shape[1]))
    labels = [crowd.snapshot.label(name, int(idx), lang) for idx in kept]
    parts = (spoken_type(crowd.snapshot.schema, name, lang), labels, csr_array(links[:, kept]))
    return _shared(crowd, name, parts, language(lang).section("audit")["rest"])


def _shared(crowd: Crowd, name: str, parts: tuple[str, list[str], csr_array], rest: str) -> Side | None:
    """A side of what items have, each of them shared among all that it has.

    :param parts: the side in words, labels, and which items have which of them, shape (catalogue.size, labels).
    :param rest: what all groups but the most used are called together, where there are too many.
    """
    text, labels, links = parts
    counts = np.diff(links.indptr)
    if len(labels) < 2 or counts[counts > 0].mean() > MOST_EACH:
        return None
    shares = csr_array(diags_array(1 / np.maximum(counts, 1)) @ links)
    if len(labels) <= MOST_GROUPS:
        return Side(name, text, labels, shares)
    first = np.argsort(-(shares.T @ crowd.recommender.catalogue.people), kind="stable")
    told, pooled = np.sort(first[: MOST_GROUPS - 1]), first[MOST_GROUPS - 1 :]
    others = csr_array(np.asarray(shares[:, pooled].sum(axis=1)).reshape(-1, 1))
    return Side(name, text, [*(labels[one] for one in told), rest], csr_array(hstack([shares[:, told], others])))


def _named(crowd: Crowd, domain: str) -> list[str]:
    """Properties of a domain that are words, but for labels in other languages."""
    entity = crowd.snapshot.schema.entity
    found = [
        one
        for name in crowd.recommender.catalogue.slices
        if entity[name].domain == domain
        for one in _words(crowd, name)
    ]
    return list(dict.fromkeys(found))


def _words(crowd: Crowd, item_type: str) -> list[str]:
    properties = crowd.snapshot.schema.entity[item_type].properties
    return [name for name, kind in properties.items() if kind == "str" and not name.startswith("label_")]


def _property(crowd: Crowd, inside: NDArray[np.bool_], name: str, texts: Section) -> Side | None:
    """A side by the values of a property, where enough items share each, as of an author."""
    catalogue, values = crowd.recommender.catalogue, np.full(len(inside), "", dtype=object)
    for item_type, part in catalogue.slices.items():
        if name in _words(crowd, item_type):
            values[part] = [one or "" for one in crowd.snapshot.text(item_type, name)]
    known = inside & (values != "")
    labels, group = np.unique(values[known].astype(str), return_inverse=True)
    if len(labels) * LEAST_EACH > known.sum():
        return None
    shape = (len(inside), len(labels))
    links = csr_array((np.ones(len(group)), (np.flatnonzero(known), group)), shape=shape)
    return _shared(crowd, name, (name, labels.tolist(), links), texts["rest"])


def _labelled(name: str, texts: Section, labels: list[str], group: NDArray[np.int64]) -> Side | None:
    """Items by the number of their group, −1 for none; groups without items are left out."""
    kept = [number for number in range(len(labels)) if (group == number).any()]
    columns = [csr_array((group == number).astype(np.float64)[:, None]) for number in kept]
    if len(columns) < 2:
        return None
    return Side(name, texts[name], [labels[number] for number in kept], csr_array(hstack(columns, format="csr")))


def _prices(crowd: Crowd, inside: NDArray[np.bool_]) -> tuple[list[str], NDArray[np.int64]]:
    """Bands of as many items each, and which each item is in."""
    catalogue, snapshot = crowd.recommender.catalogue, crowd.snapshot
    price = np.full(catalogue.size, np.nan)
    for item_type, part in catalogue.slices.items():
        if snapshot.schema.entity[item_type].properties.get("price") in ("float", "int"):
            values, valid = snapshot.values(item_type, "price")
            price[part] = np.where(valid, values, np.nan)
    known = inside & ~np.isnan(price)
    if not known.any():
        return [], np.full(catalogue.size, -1)
    edges = np.unique(np.quantile(price[known], np.linspace(0, 1, BANDS + 1)))
    if len(edges) < 3:
        return [], np.full(catalogue.size, -1)
    group = np.where(known, np.clip(np.searchsorted(edges, price, side="right") - 1, 0, len(edges) - 2), -1)
    return [f"{low:.2f}–{high:.2f}" for low, high in pairwise(edges)], group


def _ages(crowd: Crowd, inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """0 for items first used last, 1 for the others, −1 where no use is dated."""
    catalogue = crowd.recommender.catalogue
    first = catalogue.first_used
    known = inside & (first < np.iinfo(np.int64).max)
    if not known.any():
        return np.full(catalogue.size, -1)
    return np.where(known, np.where(first > np.quantile(first[known], 1 - NEWEST), 0, 1), -1)
