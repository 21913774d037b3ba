"""Leaks: whether anything of what is tested on is left in what models learn from."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.sparse import csr_array

from kg.counting import by_number
from kg.errors import ModelError
from kg.instant import DAY
from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.interactions import Interactions
from recommender.scoring.scorer import Scorer
from recommender.splitting.interaction_splits import Split

TELLING = 0.5
"""Share of the tested pairs from which a relation that is no interaction is named as giving them away."""


def check_leaks(split: Split, scorers: Sequence[Scorer] = ()) -> None:
    """Refuse to measure what has seen the answers.

    :param scorers: models under test.
    :raises ModelError: one line per leak.
    """
    found = leaks(split, scorers)
    if found:
        raise ModelError(
            "the test part leaks into what is learned from, and figures would be worth nothing: "
            + "; ".join(found)
            + ". This is a defect, please report it"
        )


def leaks(split: Split, scorers: Sequence[Scorer] = ()) -> list[str]:
    """What of the test part is left in the snapshot (triples, inverses, degrees), in popularity, kernels or vectors."""
    train = split.train
    found = [*_in_triples(split), *(text for name in train.schema.interactions for text in _unlike(train, name))]
    for scorer in scorers:
        if scorer.snapshot.hash != train.hash:
            found.append(f"the scorer stands on snapshot {scorer.snapshot.hash[:12]}, not on the training part")
        if scorer.kernels.snapshot.hash != train.hash:
            found.append(f"kernels were made from snapshot {scorer.kernels.snapshot.hash[:12]}")
        if scorer.vectors is not None and scorer.vectors.manifest.snapshot != train.hash:
            found.append(f"vectors were trained on snapshot {scorer.vectors.manifest.snapshot[:12]}")
        if not np.array_equal(scorer.catalogue.used, Catalogue(train).used):
            found.append("popularity counts interactions that are held out")
    return found


def telling_relations(split: Split) -> list[str]:
    """What a reader of the figures should know: relations that are no interactions and hold most of what is tested."""
    told = "relation {} stays in the training part and holds {:.0%} of the tested pairs"
    return [told.format(name, share) for name, share in _telling(split)]


def telling_of_training(split: Split) -> list[str]:
    """What somebody who trains should know: the same of what weights are learned on."""
    told = (
        "relation {} is no interaction and holds {:.0%} of what weights are learned on: it tells the answers, so that "
        "its paths weigh too much; make it an interaction, or leave it out"
    )
    return [told.format(name, share) for name, share in _telling(split)]


def _telling(split: Split) -> Iterator[tuple[str, float]]:
    """Relations that are no interactions and hold most of what is held out of at least k people, and how much of it."""
    if len(split.test) < split.train.k:
        return
    schema, tested = split.train.schema, tested_pairs(split)
    for name in schema.relation:
        for step in (name, inverse_of(name)) if name not in schema.interactions else ():
            head, tail = schema.ends(step)
            if head in schema.user_types and tail in schema.item_types:
                share = _held(split.train, step, tested).nnz / max(tested.nnz, 1)
                if share > TELLING:
                    yield name, share


def tested_pairs(split: Split) -> csr_array:
    """1.0 where a pair is tested on: users of all types × catalogue."""
    interactions = Interactions(split.train)
    rows = np.repeat(interactions.row_of(list(split.test)), [len(found) for found in split.test.values()])
    columns = np.concatenate([*split.test.values(), np.empty(0, dtype=np.int64)]).astype(np.int64)
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=interactions.matrix.shape)


def _in_triples(split: Split) -> list[str]:
    tested = tested_pairs(split)
    texts = []
    for name in split.train.schema.interactions:
        held = _held(split.train, name, tested)
        if left := held.nnz - _known_before(split.train, name, held):
            texts.append(by_number(f"{left:,} tested [pair is|pairs are] still in relation") + f" {name}")
    return texts


def _held(snapshot: Snapshot, step: str, tested: csr_array) -> csr_array:
    """The tested pairs that a step from users to items holds, each with the place of its triple, from 1:
    heads × tails."""
    head, tail = snapshot.schema.ends(step)
    interactions, links = Interactions(snapshot), snapshot.adjacency(step)
    first, columns = interactions.start(head), interactions.catalogue.slices[tail]
    part = csr_array(tested[first : first + snapshot.vocabulary.count(head), columns])
    numbered = csr_array((np.arange(1, links.nnz + 1), links.indices, links.indptr), shape=links.shape)
    return csr_array(part.multiply(numbered))


def _known_before(snapshot: Snapshot, name: str, held: csr_array) -> int:
    """Number of tested pairs of which a relation tells nothing but what was so on a day before each was asked about:
    that it is done again is what is tested on."""
    asked = snapshot.asked_at.get(snapshot.schema.relation[name].head)
    if asked is None or name not in snapshot.manifest.repeated:
        return 0
    last = snapshot.timestamps(name)[held.data.astype(np.int64) - 1]
    days = np.repeat(asked, np.diff(held.indptr)) // DAY
    return int((last // DAY < days).sum())


def _unlike(snapshot: Snapshot, name: str) -> list[str]:
    """Whether the inverse and the degrees of a relation tell of other triples than it has itself."""
    forward, inverse = snapshot.adjacency(name), snapshot.adjacency(inverse_of(name))
    texts = []
    if forward.nnz != inverse.nnz or (forward != inverse.T.tocsr()).nnz:
        texts.append(f"~{name} holds other triples than {name}")
    for step, matrix in ((name, forward), (inverse_of(name), inverse)):
        counted = np.asarray(abs(matrix).sum(axis=1), dtype=np.float64)
        if not np.allclose(snapshot.degrees(step), counted, rtol=1e-9, atol=1e-12):
            texts.append(f"degrees of {step} count triples that are held out")
    return texts
