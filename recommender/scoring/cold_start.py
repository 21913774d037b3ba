"""Cold start: people who used nothing of a domain yet are scored by weights of their own."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kg.snapshot.snapshot import Snapshot
from recommender.profiles.profile import Profile
from recommender.results.learning import Audience
from recommender.scoring.scorer import Scorer

Domains = frozenset[str]


def cold_in(snapshot: Snapshot, user_type: str, domain: str) -> NDArray[np.bool_]:
    """Which users of a type have no interaction with a domain: shape (users,)."""
    cold = np.ones(snapshot.vocabulary.count(user_type), dtype=bool)
    for name in _interactions(snapshot, user_type, domain):
        cold &= np.diff(snapshot.adjacency(name).indptr) == 0
    return cold


def audience_mask(snapshot: Snapshot, user_type: str, domain: str, audience: Audience) -> NDArray[np.bool_]:
    """Which users of a type are of an audience of a domain: shape (users,)."""
    new = cold_in(snapshot, user_type, domain)
    if audience == "warm":
        return ~new
    nothing = new.copy()
    for other in snapshot.schema.domains:
        nothing &= cold_in(snapshot, user_type, other)
    return nothing if audience == "told" else new & ~nothing


class ColdStart:
    """The scorers of one blend, one for each set of domains that somebody may be new to.

    They share kernels and vectors, and are made when first asked for.
    """

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer
        self.domains = tuple(sorted({*scorer.blend.cold, *scorer.blend.told}))
        self._everything = frozenset(scorer.snapshot.schema.domains)
        self._scorers: dict[Domains, Scorer] = {frozenset(): scorer}
        self._uses: dict[str, list[tuple[str, list[str]]]] = {}
        scorer.scorer_of = self.of

    def of(self, profile: Profile) -> Scorer:
        """The scorer of one profile."""
        return self.scorer if not self.domains else self.scorer_of(self.unused(profile))

    def totals(self, profiles: Sequence[Profile]) -> NDArray[np.float64]:
        """Scores of profiles by the scorer of each: shape (profiles, catalogue.size)."""
        return self.scores(profiles)[0]

    def scores(self, profiles: Sequence[Profile]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Scores of profiles by the scorer of each, and what paths contribute: shape (profiles, catalogue.size)."""
        totals, paths = (np.zeros((len(profiles), self.scorer.catalogue.size)) for _ in range(2))
        groups: dict[int, list[int]] = {}
        scorers = [self.of(profile) for profile in profiles]
        for row, scorer in enumerate(scorers):
            groups.setdefault(id(scorer), []).append(row)
        for rows in groups.values():
            found = scorers[rows[0]].score([profiles[row] for row in rows])
            totals[rows], paths[rows] = found.total, found.paths
        return totals, paths

    def groups(self, user_type: str, users: NDArray[np.int64]) -> list[tuple[Domains, NDArray[np.int64]]]:
        """Users of one type by what they used nothing of: these domains, and the places of such users in ``users``."""
        snapshot = self.scorer.snapshot
        codes = np.zeros(len(users), dtype=np.int64)
        domains = snapshot.schema.domains
        for number, domain in enumerate(domains):
            for name in _interactions(snapshot, user_type, domain):
                indptr = snapshot.adjacency(name).indptr
                codes |= (indptr[users + 1] > indptr[users]).astype(np.int64) << number
        found = []
        for code in np.unique(codes).tolist():
            cold = frozenset(domain for number, domain in enumerate(domains) if not code >> number & 1)
            found.append((cold, np.flatnonzero(codes == code)))
        return found

    def unused(self, profile: Profile) -> Domains:
        """The domains of which a profile has used nothing."""
        uses, anchors = self._uses.get(profile.user_type), profile.anchors
        if uses is None:
            snapshot, kind = self.scorer.snapshot, profile.user_type
            uses = [(domain, _interactions(snapshot, kind, domain)) for domain in snapshot.schema.domains]
            self._uses[kind] = uses
        return frozenset([domain for domain, names in uses if anchors.keys().isdisjoint(names)])

    def scorer_of(self, cold: Domains) -> Scorer:
        """The scorer of people who used nothing of some domains, and something of all others."""
        if not self.domains:
            return self.scorer
        if cold not in self._scorers:
            whole = self.scorer
            blend = whole.blend.for_cold(cold, told=cold == self._everything)
            self._scorers[cold] = Scorer(whole.snapshot, whole.kernels, blend, whole.vectors)
            self._scorers[cold].scorer_of = self.of
        return self._scorers[cold]


def _interactions(snapshot: Snapshot, user_type: str, domain: str) -> list[str]:
    """The interactions of a user type with the items of a domain."""
    schema = snapshot.schema
    return [name for name in schema.interactions_with(domain) if schema.relation[name].head == user_type]
