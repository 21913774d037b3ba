"""Histograms: what each of the shop's questions counts, person by person, over things that are fixed beforehand.

Names of things and what items have are taken as public; what people did and say of themselves is not. Whatever goes
through a model (lists, scores, reasons) rests on everybody's data at once, where no cap per person bounds what one of
them changes: it is in no histogram.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from scipy.sparse import csr_array, hstack

from kg.document import nearest
from kg.errors import UsageError
from kg.schema import inverse_of
from recommender.catalogue.interactions import Interactions
from recommender.linalg.sparse_matrix import binary
from recommender.marketing.audience import Subject, about_of, maker_step, users_of
from recommender.marketing.crowd import Crowd, Mask
from recommender.results.marketing import About
from recommender.texts.languages import language

MOST_DOMAINS = 4
"""Domains up to which people are counted by which of them they use together."""
Key = tuple[str | None, About]
"""A thing that is counted, and the step to it from people or items, where there is one."""


@dataclass(frozen=True)
class Histogram:
    """One table: ``matrix``, everybody × keys, is not 0 where a person counts for a key; ``group``: whom the table is
    of, beside everybody, shape (everybody,); ``most``: keys that one person can have, where that is few; ``supply``:
    items that have each key."""

    name: str
    matrix: csr_array
    keys: Sequence[Key]
    group: Mask | None = None
    most: int | None = None
    supply: Sequence[int] = field(default=())


def of_audience(crowd: Crowd, subject: Subject, lang: str) -> list[Histogram]:
    """Who has to do with something, what they say of themselves, and what they learnt and bought."""
    group = users_of(crowd, subject)
    own = {crowd.recommender.catalogue.item(one) for one in subject.items.tolist()}
    without = own | ({subject.entity} if subject.entity else set())
    return [_size(subject.about, group), *_portrait(crowd, group, without, lang)]


def of_item(crowd: Crowd, subject: Subject, lang: str) -> list[Histogram]:
    """The same of an item, and how many people use something with each thing that it has."""
    [position] = subject.items.tolist()
    item_type, idx = crowd.recommender.catalogue.item(position)
    used, found = _used(crowd), [_with(crowd, _used(crowd), step, lang) for step in crowd.attribute_steps(item_type)]
    columns = [crowd.snapshot.neighbours(step, idx)[0] for step in crowd.attribute_steps(item_type)]
    parts = [one.matrix[:, own] for one, own in zip(found, columns, strict=True)]
    keys = [one.keys[place] for one, own in zip(found, columns, strict=True) for place in own.tolist()]
    empty = csr_array((used.shape[0], 0))
    has = Histogram("has", csr_array(hstack([empty, *parts], format="csr")), keys)
    return [*of_audience(crowd, subject, lang), *([has] if keys else [])]


def of_overview(crowd: Crowd, lang: str) -> list[Histogram]:
    """Who uses which domains, only one of them or several together, and who uses each item; of many domains who uses
    each of them at all."""
    schema, catalogue, used = crowd.snapshot.schema, crowd.recommender.catalogue, _used(crowd)
    domains = schema.domains
    any_of = np.column_stack([np.asarray(used[:, catalogue.of_domain(one)].sum(axis=1)) > 0 for one in domains])
    labels, only = [crowd.domain(one, lang) for one in domains], language(lang).section("private")["only"]
    if len(domains) <= MOST_DOMAINS:
        sets = [some for size in range(1, len(domains) + 1) for some in combinations(range(len(domains)), size)]
        codes, most = [sum(1 << one for one in some) for some in sets], 1
        matrix = (any_of @ (1 << np.arange(len(domains))))[:, None] == np.array(codes)
    else:
        sets, most, matrix = [(one,) for one in range(len(domains))], len(domains), any_of
    told = [" + ".join(labels[i] for i in some) for some in sets]
    if most == 1:  # a person counts for the one set of domains that is hers
        proper = [len(some) < len(domains) for some in sets]
        told = [only.format(domains=label) if one else label for one, label in zip(proper, told, strict=True)]
    ids = ["+".join(domains[i] for i in some) for some in sets]
    keys = [(None, About(id=one, type="domain", label=label)) for one, label in zip(ids, told, strict=True)]
    items = [(None, about_of(crowd, catalogue.item(one), lang)) for one in range(catalogue.size)]
    return [Histogram("domains", csr_array(matrix.astype(float)), keys, most=most), Histogram("items", used, items)]


def of_gaps(crowd: Crowd, domain: str, lang: str) -> list[Histogram]:
    """Of all that items of a domain can have: who says so, and who uses something with it; and how many items do."""
    schema = crowd.snapshot.schema
    if domain not in schema.domains:
        raise UsageError(f"`domain` {domain!r}: {nearest(domain, list(schema.domains))}")
    types = [name for name in schema.item_types if schema.entity[name].domain == domain]
    steps = [step for name in types for step in crowd.attribute_steps(name)]
    supply = {step: np.diff(crowd.snapshot.adjacency(inverse_of(step)).indptr) for step in steps}
    used = _used(crowd)
    users = [_with(crowd, used, step, lang, supply[step].tolist()) for step in steps]
    said = []
    for own in crowd.steps():
        items = [number for step, number in supply.items() if schema.ends(step)[1] == schema.ends(own)[1]]
        if items and own not in schema.interactions:
            numbers = np.sum(items, axis=0).tolist()
            said.append(Histogram("say", crowd.links(own), _keys(crowd, own, lang), supply=numbers))
    return [_joined(name, parts) for name, parts in (("say", said), ("use", users)) if parts]


def of_bridge(crowd: Crowd, subject: Subject, domain: str | None, lang: str) -> list[Histogram]:
    """Of those who have to do with something: what of another domain they use, by item and by maker."""
    schema, catalogue = crowd.snapshot.schema, crowd.recommender.catalogue
    own = {schema.entity[catalogue.item(one)[0]].domain for one in subject.items.tolist()}
    chosen = domain or next((one for one in schema.domains if one not in own), schema.domains[0])
    if chosen not in schema.domains:
        raise UsageError(f"`domain` {domain!r}: {nearest(chosen, list(schema.domains))}")
    group, used = users_of(crowd, subject), _used(crowd)
    inside = np.setdiff1d(np.flatnonzero(catalogue.of_domain(chosen)), subject.items)
    keys = [(None, about_of(crowd, catalogue.item(int(one)), lang)) for one in inside]
    makers = [
        _with(crowd, used, step, lang)
        for name in schema.item_types
        if schema.entity[name].domain == chosen and (step := maker_step(crowd, name)) is not None
    ]
    found = [_size(subject.about, group), Histogram("both", csr_array(used[:, inside]), keys, group)]
    if makers:
        joined = _joined("makers", makers)
        found.append(Histogram("makers", joined.matrix, joined.keys, group))
    return found


def _size(about: About, group: Mask) -> Histogram:
    return Histogram("uses", csr_array(group.astype(float)[:, None]), [(None, about)], most=1)


def _portrait(crowd: Crowd, group: Mask, without: set[tuple[str, int]], lang: str) -> list[Histogram]:
    schema, found = crowd.snapshot.schema, list[Histogram]()
    for kind in ("attribute", "interaction"):
        parts = []
        for step in crowd.steps():
            if (step in schema.interactions) == (kind == "interaction"):
                tail, keys = schema.ends(step)[1], _keys(crowd, step, lang)
                kept = [idx for idx in range(len(keys)) if (tail, idx) not in without]
                matrix = csr_array(crowd.links(step)[:, kept])
                parts.append(Histogram(kind, matrix, [keys[idx] for idx in kept]))
        if any(one.keys for one in parts):
            joined = _joined(kind, parts)
            found.append(Histogram(kind, joined.matrix, joined.keys, group))
    return found


def _joined(name: str, parts: Sequence[Histogram]) -> Histogram:
    """Several tables as one, so that one person counts for few things of all of them together."""
    keys = [key for one in parts for key in one.keys]
    supply = [number for one in parts for number in one.supply]
    matrix = csr_array(hstack([binary(one.matrix) for one in parts], format="csr"))
    return Histogram(name, matrix, keys, supply=supply)


def _with(crowd: Crowd, used: csr_array, step: str, lang: str, supply: Sequence[int] = ()) -> Histogram:
    """Who uses something with each thing that a step from items leads to."""
    part = crowd.recommender.catalogue.slices[crowd.snapshot.schema.ends(step)[0]]
    matrix = binary(csr_array(used[:, part]) @ binary(crowd.snapshot.adjacency(step)))
    return Histogram("use", matrix, _keys(crowd, step, lang), supply=supply)


def _keys(crowd: Crowd, step: str, lang: str) -> list[Key]:
    tail = crowd.snapshot.schema.ends(step)[1]
    return [(step, about_of(crowd, (tail, idx), lang)) for idx in range(crowd.snapshot.vocabulary.count(tail))]


def _used(crowd: Crowd) -> csr_array:
    """What everybody used: people × items."""
    interactions = Interactions(crowd.snapshot)
    start = interactions.start(crowd.user_type)
    return csr_array(interactions.matrix[start : start + crowd.size])
