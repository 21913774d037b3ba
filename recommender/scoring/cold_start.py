"""Cold start: people who used nothing of a domain yet are scored by weights of their own."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kg.snapshot.snapshot import Snapshot
from recommender.profiles.profile import Profile
from recommender.scoring.scorer import Scorer

Domains = frozenset[str]


def cold_in(snapshot: Snapshot, user_type: str, domain: str) -> NDArray[np.bool_]:
    """Which users of a type have no interaction with a domain: shape (users,)."""
    cold = np.ones(snapshot.vocabulary.count(user_type), dtype=bool)
    for name in _interactions(snapshot, user_type, domain):
        cold &= np.diff(snapshot.adjacency(name).indptr) == 0
    return cold


class ColdStart:
    """The scorers of one blend, one for each set of domains that somebody may be new to.

    They share kernels and vectors, and are made when first asked for.
    """

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer
        self.domains = tuple(sorted(scorer.blend.cold))
        self._scorers: dict[Domains, Scorer] = {frozenset(): scorer}

    def of(self, profile: Profile) -> Scorer:
        """The scorer of one profile."""
        return self.scorer if not self.domains else self._scorer(self._cold(profile))

    def totals(self, profiles: Sequence[Profile]) -> NDArray[np.float64]:
        """Scores of profiles by the scorer of each: shape (profiles, catalogue.size)."""
        totals = np.zeros((len(profiles), self.scorer.catalogue.size))
        groups: dict[int, list[int]] = {}
        scorers = [self.of(profile) for profile in profiles]
        for row, scorer in enumerate(scorers):
            groups.setdefault(id(scorer), []).append(row)
        for rows in groups.values():
            totals[rows] = scorers[rows[0]].score([profiles[row] for row in rows]).total
        return totals

    def groups(self, user_type: str, users: NDArray[np.int64]) -> list[tuple[Scorer, NDArray[np.int64]]]:
        """Users of one type by their scorer: the scorer, and the places of its users in ``users``."""
        snapshot = self.scorer.snapshot
        codes = np.zeros(len(users), dtype=np.int64)
        for number, domain in enumerate(self.domains):
            for name in _interactions(snapshot, user_type, domain):
                indptr = snapshot.adjacency(name).indptr
                codes |= (indptr[users + 1] > indptr[users]).astype(np.int64) << number
        found = []
        for code in np.unique(codes).tolist():
            cold = frozenset(domain for number, domain in enumerate(self.domains) if not code >> number & 1)
            found.append((self._scorer(cold), np.flatnonzero(codes == code)))
        return found

    def _cold(self, profile: Profile) -> Domains:
        snapshot = self.scorer.snapshot
        return frozenset(
            domain
            for domain in self.domains
            if not any(name in profile.anchors for name in _interactions(snapshot, profile.user_type, domain))
        )

    def _scorer(self, cold: Domains) -> Scorer:
        if cold not in self._scorers:
            whole = self.scorer
            self._scorers[cold] = Scorer(whole.snapshot, whole.kernels, whole.blend.for_cold(cold), whole.vectors)
        return self._scorers[cold]


def _interactions(snapshot: Snapshot, user_type: str, domain: str) -> list[str]:
    """The interactions of a user type with the items of a domain."""
    schema = snapshot.schema
    return [name for name in schema.interactions_with(domain) if schema.relation[name].head == user_type]
