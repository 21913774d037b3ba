"""Inferences: all that is concluded about one user, for whoever has a right to know it, above all herself."""

from pydantic import BaseModel

from recommender.results.document import ModelInfo
from recommender.results.recommendation import RankedItem
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Recommender, Request


class ProfileAnchor(BaseModel, frozen=True):
    """What counts for the user, and how much: weights of one step have length 1 together."""

    step: str
    type: str
    id: str | None
    label: str
    weight: float


class Inferences(BaseModel, frozen=True):
    """What is concluded."""

    model: ModelInfo
    profile: list[ProfileAnchor]
    """What she is scored by; of other people only that there is one."""
    new_to: list[str]
    """Domains of which she used nothing, for which other weights count."""
    lists: dict[str, list[RankedItem]]
    """Domain → what would be recommended, each with its score, shares and reason."""
    vector: list[float] | None
    """Where the embedding puts her; ``None`` without one."""
    notices: list[str]


def inferences(recommender: Recommender, user_id: str, n: int = 20, lang: str = "en") -> Inferences:
    """Everything that the model of a recommender concludes about a user of the graph.

    :param n: length of each list.
    :raises UnknownEntityError: for an unknown user.
    """
    snapshot, schema = recommender.snapshot, recommender.snapshot.schema
    profile = recommender.profile(Request(user_id))
    anchors = []
    for step, found in profile.anchors.items():
        tail = schema.ends(step)[1]
        for idx, weight in zip(found.idx.tolist(), found.weight.tolist(), strict=True):
            hidden = schema.entity[tail].sensitive
            anchors.append(
                ProfileAnchor(
                    step=step,
                    type=tail,
                    id=None if hidden else snapshot.vocabulary.id(tail, idx),
                    label=tail if hidden else snapshot.label(tail, idx, lang),
                    weight=weight,
                )
            )
    lists, told = dict[str, list[RankedItem]](), list[str]()
    for domain in schema.domains:
        answer = recommender.recommend(Request(user_id, rules=Rules(domain=domain), n=n, lang=lang))
        lists[domain] = answer.items
        told += answer.notices
    vectors, used = recommender.scorer.vectors, {schema.ends(step)[1] for step in profile.anchors}
    vector = None
    if vectors is not None and profile.user_idx is not None:
        vector = vectors.unit(profile.user_type)[profile.user_idx].astype(float).tolist()
    return Inferences(
        model=recommender.model.info,
        profile=anchors,
        new_to=[one for one in schema.domains if not any(schema.entity[name].domain == one for name in used)],
        lists=lists,
        vector=vector,
        notices=list(dict.fromkeys(told)),
    )
