"""Plans on a snapshot: which entities fulfil them, and the triples that show it."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.catalogue import Catalogue
from recommender.search.question_answering.lexicon.lexicon import Lexicon
from recommender.search.question_answering.plan import (
    Being,
    Comparison,
    Constraint,
    Entity,
    Linked,
    Plan,
    Tally,
    Worded,
)

Positions = NDArray[np.int64]
Fact = tuple[Entity, str, Entity]
"""Head, relation, tail of a triple that is in the graph."""
LONG_LIST = 8
"""Links of one kind that half of those that have any have at least, where having none means that they are not known."""
MOST_WITNESSES = 3
"""Ways shown for one link."""


def linked(snapshot: Snapshot, target: str, link: Linked) -> Positions:
    """Indices of the entities of a type from which one of the link's ways leads to one of its entities, sorted."""
    found = [np.empty(0, dtype=np.int64)]
    for way in link.ways:
        for entity_type, idx in link.entities:
            if snapshot.schema.ends(way[-1])[1] != entity_type:
                continue
            reached = np.array([idx], dtype=np.int64)
            for step in reversed(way):
                matrix = snapshot.adjacency(inverse_of(step))
                parts = [matrix.indices[matrix.indptr[i] : matrix.indptr[i + 1]] for i in reached.tolist()]
                reached = np.unique(np.concatenate(parts)).astype(np.int64) if parts else reached
            found.append(reached)
    return np.unique(np.concatenate(found))


def answers(lexicon: Lexicon, plan: Plan) -> Positions:
    """Indices of the entities of the target type that fulfil every condition, sorted."""
    assert plan.target is not None
    return fulfilling(lexicon, plan.target, plan.constraints)


def fulfilling(lexicon: Lexicon, target: str, constraints: Iterable[Constraint]) -> Positions:
    """Indices of the entities of a type that fulfil every condition, sorted."""
    keep = np.ones(lexicon.snapshot.vocabulary.count(target), dtype=bool)
    for one in constraints:
        keep &= _fulfilled(lexicon, target, one)
    return np.flatnonzero(keep)


def unlisted(snapshot: Snapshot, target: str, link: Linked) -> NDArray[np.bool_]:
    """Which entities a refused link cannot be judged of: theirs are not listed, where others have long lists.

    A product without ingredients in the graph is none that contains nothing: its ingredients are not known.
    """
    nothing = np.zeros(snapshot.vocabulary.count(target), dtype=bool)
    steps = {way[0] for way in link.ways if len(way) == 1}
    for step in steps if link.negated else ():
        degrees = np.diff(snapshot.adjacency(step).indptr)
        if degrees.any() and np.median(degrees[degrees > 0]) >= LONG_LIST:
            nothing |= degrees == 0
    return nothing


def _fulfilled(lexicon: Lexicon, target: str, one: Constraint) -> NDArray[np.bool_]:
    snapshot = lexicon.snapshot
    mask = np.zeros(snapshot.vocabulary.count(target), dtype=bool)
    if isinstance(one, Linked):
        mask[linked(snapshot, target, one)] = True
        return ~mask & ~unlisted(snapshot, target, one) if one.negated else mask
    if isinstance(one, Worded):
        mask[lexicon.with_words(target, one.words)] = True
        return mask
    if isinstance(one, Being):
        mask[[idx for name, idx in one.entities if name == target]] = True
        return mask
    kind = snapshot.schema.entity[target].properties[one.name]
    if kind == "str":
        return np.array([text == one.value for text in snapshot.text(target, one.name)], dtype=bool)
    values = snapshot.number(target, one.name)
    if one.comparison == "equal":
        return np.asarray(values == float(one.value))
    return _compared(values, one.comparison, one.value)


def _compared(values: NDArray[np.float64], comparison: Comparison, bound: float) -> NDArray[np.bool_]:
    compared = {
        "below": values < bound,
        "above": values > bound,
        "at_most": values <= bound,
        "at_least": values >= bound,
        "equal": values == bound,
    }
    return np.asarray(compared[comparison])


def variants_of(catalogue: Catalogue, target: str, own: Positions) -> Positions | None:
    """The other sizes and shades of some items of a type, sorted; ``None`` where the schema does not say which are."""
    schema = catalogue.snapshot.schema
    if not any(schema.ends(name)[0] == target for name in schema.variants):
        return None
    if catalogue.variants is None or not len(own):
        return np.empty(0, dtype=np.int64)
    start = int(catalogue.slices[target].start)
    groups = [catalogue.variants.of_item(start + idx) - start for idx in own.tolist()]
    return np.setdiff1d(np.concatenate(groups), own)


def witnesses(snapshot: Snapshot, entity: Entity, link: Linked) -> list[Fact]:
    """Triples that show a link of one entity: those of up to three ways, none where it does not hold."""
    found: list[Fact] = []
    shown = 0
    for way in link.ways:
        for path in _paths(snapshot, entity[1], way, link):
            if shown == MOST_WITNESSES:
                return found
            shown += 1
            for position, step in enumerate(way):
                head, tail = snapshot.schema.ends(step)
                fact = _fact(step, (head, path[position]), (tail, path[position + 1]))
                if fact not in found:
                    found.append(fact)
            for condition in link.through:
                if isinstance(condition, Linked) and not condition.negated:
                    end = (snapshot.schema.ends(way[-1])[1], path[-1])
                    found += [one for one in witnesses(snapshot, end, condition) if one not in found]
    return found


def asked(snapshot: Snapshot, entity: Entity, step: str) -> list[Fact]:
    """The triples of one entity over a step."""
    tail = snapshot.schema.ends(step)[1]
    return [_fact(step, entity, (tail, idx)) for idx in snapshot.neighbours(step, entity[1])[0].tolist()]


def _paths(snapshot: Snapshot, start: int, way: tuple[str, ...], link: Linked) -> list[list[int]]:
    ends = {idx for name, idx in link.entities if name == snapshot.schema.ends(way[-1])[1]}
    paths = [[start]]
    for position, step in enumerate(way):
        last = position == len(way) - 1
        paths = [
            [*path, idx]
            for path in paths
            for idx in snapshot.neighbours(step, path[-1])[0].tolist()
            if not last or idx in ends
        ]
    return paths


def _fact(step: str, head: Entity, tail: Entity) -> Fact:
    return (tail, step[1:], head) if step.startswith("~") else (head, step, tail)


def tallied(lexicon: Lexicon, plan: Plan) -> list[tuple[str, Entity | None, float]]:
    """Label, entity and count (or mean) of each of what a tally compares, in the order asked for; none left out."""
    tally, snapshot = plan.tally, lexicon.snapshot
    assert tally is not None and plan.target is not None
    sign = 1 if tally.fewest else -1
    if tally.groups:
        rows: list[tuple[str, Entity | None, float]] = []
        for label, group in tally.groups:
            entity = group.entities[0] if isinstance(group, Linked) else None
            found = fulfilling(lexicon, tally.counted, (*tally.constraints, group))
            rows.append((label, entity, _size(snapshot, tally, found)))
        return rows if tally.every else sorted(rows, key=lambda row: sign * row[2])
    own = np.zeros(snapshot.vocabulary.count(tally.counted), dtype=np.float64)
    own[fulfilling(lexicon, tally.counted, tally.constraints)] = 1
    counts = np.zeros(snapshot.vocabulary.count(plan.target))
    if len(tally.ways[0]) == 1:
        for way in tally.ways:
            counts += (snapshot.adjacency(inverse_of(way[0])) != 0).astype(np.float64) @ own
    else:  # each counted once, whatever the number of ways to it
        for idx in range(len(counts)):
            reached = linked(snapshot, tally.counted, Linked(((plan.target, idx),), tally.ways))
            counts[idx] = own[reached].sum()
    if tally.mean is not None:
        values = snapshot.number(tally.counted, tally.mean)
        priced = np.where(np.isnan(values), 0.0, values) * own
        known = own * ~np.isnan(values)
        matrices = [(snapshot.adjacency(inverse_of(way[0])) != 0).astype(np.float64) for way in tally.ways]
        sums, sizes = (sum(matrix @ one for matrix in matrices) for one in (priced, known))
        counts = np.divide(sums, sizes, out=np.zeros_like(counts), where=np.asarray(sizes) > 0)
    order = np.lexsort((np.arange(len(counts)), sign * counts))
    order = order[counts[order] > 0]
    if tally.bound is not None:
        order = order[_compared(counts[order], *tally.bound)]
    return [(snapshot.label(plan.target, int(i)), (plan.target, int(i)), _plain(counts[i])) for i in order]


def _size(snapshot: Snapshot, tally: Tally, found: Positions) -> float:
    """How many there are, or the mean of their property."""
    if tally.mean is None:
        return len(found)
    values = snapshot.number(tally.counted, tally.mean)[found]
    return round(float(np.nanmean(values)), 2) if np.isfinite(values).any() else 0.0


def _plain(count: float) -> float:
    return int(count) if float(count).is_integer() else round(float(count), 2)
