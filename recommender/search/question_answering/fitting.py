"""What fits somebody, by the paths that lead to it from what she has; and why, as ``recommend`` tells it."""

import numpy as np
from numpy.typing import NDArray

from recommender.explanation.explainer import Explainer
from recommender.explanation.phrasing import Phrasing
from recommender.reasons.reasons import Reasons
from recommender.results.account import Path
from recommender.search.question_answering.execution import MOST_WITNESSES, Fact
from recommender.search.question_answering.plan import Entity
from recommender.serving.recommender import Recommender, Request


class Fitting:
    """The scores of somebody for all items, which of them paths lead to, and the paths."""

    def __init__(self, recommender: Recommender, request: Request) -> None:
        self.snapshot, self.catalogue = recommender.snapshot, recommender.catalogue
        profile, rules = recommender.profile(request), recommender.rule_set(request.rules)
        scorer, phrasing = recommender.cold_start.of(profile), Phrasing(self.snapshot, request.lang)
        scores, allowed = scorer.score([profile]), rules.candidates(profile).allowed
        self._total = np.where(allowed, scores.total[0], 0.0)
        self._paths = np.where(allowed, scores.paths[0], 0.0)
        forbidden = rules.forbidden(profile)
        self._reasons = Reasons(scorer, profile, phrasing, forbidden)
        self._explainer = Explainer(scorer, profile, phrasing, forbidden)

    def scores(self, item_type: str) -> NDArray[np.float64]:
        """Scores of the items of a type, 0 where one may not be recommended: shape (count,), float64."""
        return self._total[self.catalogue.slices[item_type]]

    def reached(self, item_type: str) -> NDArray[np.bool_]:
        """Which items of a type paths lead to; the others are popular at most: shape (count,), bool."""
        return np.asarray(self._paths[self.catalogue.slices[item_type]] > 0)

    def why(self, item: Entity) -> tuple[str, list[Fact]]:
        """The reason for an item, and the triples of the largest paths to it, without people."""
        position = self.catalogue.position(*item)
        reason = next(iter(self._reasons.of(position)), None)
        paths = [path for part in self._explainer.parts(position) for path in part.paths or ()]
        paths = sorted(paths, key=lambda one: -one.share)[:MOST_WITNESSES]
        return self._reasons.text(reason), [fact for path in paths for fact in self._triples(path)]

    def _triples(self, path: Path) -> list[Fact]:
        """The triples of a path between things that it names."""
        found, schema = list[Fact](), self.snapshot.schema
        for first, step, second in zip(path.nodes, path.relations, path.nodes[1:], strict=False):
            if first.id is None or second.id is None or {first.type, second.type} & set(schema.user_types):
                continue
            ends = [(one.type, self.snapshot.vocabulary.idx(one.type, str(one.id))) for one in (first, second)]
            found.append((ends[1], step[1:], ends[0]) if step.startswith("~") else (ends[0], step, ends[1]))
        return found
