"""Explanation: every score taken apart into paths, embedding and popularity, to the last decimal."""

from dataclasses import dataclass
from functools import cached_property

from kg.errors import ModelError
from recommender.catalogue.flagged_accounts import flagged_users
from recommender.explanation.k_anonymity import PathGroup, PathGroups, Who, group_paths, through_people
from recommender.explanation.learned_anchors import LearnedAnchor, LearnedAnchors, may_be_counted
from recommender.explanation.phrasing import Phrasing
from recommender.kernels.kernel import LearnedKernel, NamedAnchors
from recommender.profiles.profile import Anchors, Profile
from recommender.results.account import NearAnchor, Node, OtherPaths, Part, Path
from recommender.rules.avoidance import NOTHING_FORBIDDEN, Forbidden
from recommender.scoring.anchor_shares import ProfileMetapath, ProfilePaths
from recommender.scoring.scorer import Scorer

TOLERANCE = 1e-9
"""By how much a part may miss the sum of its paths: rounding."""
PATHS_SHOWN = 3
ANCHORS_SHOWN = 3
NEAR = 0.2
"""Least cosine at which an anchor is named as near."""


@dataclass(frozen=True)
class _Near:
    entity_type: str
    idx: int
    cosine: float
    share: float


class Explainer:
    """Takes the scores of one profile apart.

    Only what at least k people are behind is told, the rest is one share. Where the anchors are only told, by somebody
    outside the graph or in a change that might have been, such a rest is there only for what the user really has.

    :param profile: whose scores.
    :param phrasing: the language of the texts.
    :param forbidden: what no path that is shown runs through; its share is kept, untold.
    :param paths_shown: paths of each metapath that ``parts`` shows.
    :param known: what is known of the profile already.
    """

    def __init__(
        self,
        scorer: Scorer,
        profile: Profile,
        phrasing: Phrasing,
        forbidden: Forbidden = NOTHING_FORBIDDEN,
        paths_shown: int = PATHS_SHOWN,
        known: ProfilePaths | None = None,
    ) -> None:
        rest = scorer.rest(profile)
        self._rest = None if rest is None else rest.total[0]
        scorer = scorer if profile.in_graph else scorer.anonymous
        self.scorer, self.profile, self.phrasing, self.forbidden = scorer, profile, phrasing, forbidden
        self.paths_shown = paths_shown
        self._asks: Who | None = None if profile.user_idx is None else (profile.user_type, profile.user_idx)
        self.snapshot = scorer.snapshot
        self.metapaths = scorer.metapaths_of(profile)
        known = known if known is not None and known.scorer is scorer else ProfilePaths(scorer, profile)
        self._weighed = [ProfileMetapath(known, path) for path in self.metapaths]
        self._nodes: dict[tuple[str, int], Node] = {}

    def parts(self, position: int) -> list[Part]:
        """All parts of the score of an item, largest share first; parts with a share of 0 are left out."""
        parts, untold = list[Part](), 0.0 if self._rest is None else float(self._rest[position])
        for metapath, share in self._path_shares(position):
            kernel = self.scorer.kernels.learned(metapath.path.tail)
            part = (
                self._learned_part(kernel, metapath, share, position)
                if kernel
                else self._path_part(metapath, share, position)
            )
            untold += share - (part.share if part else 0.0)
            parts += [part] if part else []
        if abs(untold) > TOLERANCE:
            parts.append(self._untold_part(untold))
        if self.scorer.vectors is not None and self.scorer.embedding_weight[position] > 0:
            parts += self._embedding_part(position)
        popularity = float(self.scorer.popularity[position])
        if popularity != 0:
            text = self.phrasing.sentence(self.phrasing.popularity(self._domain(position)))
            parts.append(Part(kind="popularity", share=popularity, text=text))
        return sorted(parts, key=lambda part: -part.share)

    def _domain(self, position: int) -> str:
        domain = self.snapshot.schema.entity[self.scorer.catalogue.item(position)[0]].domain
        assert domain is not None
        return domain

    def _path_shares(self, position: int) -> list[tuple[ProfileMetapath, float]]:
        """The share of each metapath that ends at the type of the item: ``w_m Σ_a x[a] K_m[a, i]``."""
        item_type, item = self.scorer.catalogue.item(position)
        found = [(one, one.weight * one.anchors.sum(item)) for one in self._weighed if one.item_type == item_type]
        return [(one, share) for one, share in found if share]

    def _groups(self, metapath: ProfileMetapath, position: int, most: int) -> PathGroups:
        item = self.scorer.catalogue.item(position)[1]
        instances = metapath.instances(item)
        types, weight = metapath.node_types, metapath.weight
        allowed = self.forbidden.shown(types, instances.nodes)
        if allowed.all():
            return group_paths(self.snapshot, types, instances, weight, most, self._asks)
        groups = group_paths(self.snapshot, types, instances.part(allowed), weight, most, self._asks)
        left_out = float(instances.product[~allowed].sum()) * weight
        if any(through_people(self.snapshot, types)):
            return PathGroups(groups.largest, groups.others, groups.rest, groups.untold + left_out)
        return PathGroups(groups.largest, groups.others + int((~allowed).sum()), groups.rest + left_out)

    def _path_part(self, metapath: ProfileMetapath, share: float, position: int) -> Part | None:
        """The part of a metapath, as far as it may be told; ``None`` where nothing of it may."""
        groups = self._groups(metapath, position, self.paths_shown)
        shown = [self._path(metapath, group) for group in groups.largest]
        told = sum(one.share for one in shown) + groups.rest
        self._check_sum(metapath, share, told + groups.untold)
        if not shown and any(through_people(self.snapshot, metapath.node_types)):
            return None
        text = shown[0].text if shown else self._sentence(self._untold(), share)
        return Part(
            kind="path",
            share=told,
            metapath=str(metapath.path),
            paths=shown,
            other_paths=OtherPaths(count=groups.others, share=groups.rest),
            text=text,
        )

    def _untold_part(self, share: float) -> Part:
        """What fewer than k people are behind, of all kernels together: its share, and not where it comes from."""
        text = self._sentence(self._untold(), share)
        return Part(kind="path", share=share, paths=[], other_paths=OtherPaths(count=0, share=share), text=text)

    def _check_sum(self, metapath: ProfileMetapath, share: float, paths: float) -> None:
        """The paths, or anchors, of a part are the part, or one of both is counted wrongly.

        :raises ModelError: where they are not.
        """
        gap = abs(share - paths)
        if not gap <= TOLERANCE * max(1.0, abs(share)):
            raise ModelError(
                f"{metapath.path}: the share is {share:.9g}, but its paths sum to {paths:.9g}; "
                "this is a defect, please report it"
            )

    def _learned_part(
        self, kernel: LearnedKernel, metapath: ProfileMetapath, share: float, position: int
    ) -> Part | None:
        """The part of a learned kernel, by anchors: what was used goes with the item, as learned from all; ``None``
        where nothing of it may be told."""
        anchors = self._anchors_of(kernel, metapath, position)
        self._check_sum(metapath, share, anchors.share)
        named, others = anchors.named, anchors.others
        if not named and not others:
            return None
        nearest = [self._near_anchor(kernel.anchor_type, one.idx, one.share) for one in named]
        return Part(
            kind="association",
            share=sum(one.share for one in (*named, *others)),
            kernel=kernel.name,
            metapath=str(metapath.path),
            nearest=nearest,
            other_paths=OtherPaths(count=len(others), share=sum(one.share for one in others)) if others else None,
            text=self._sentence(self._told(kernel, metapath, named, position) or self.phrasing.together(), share),
        )

    def _anchors_of(self, kernel: LearnedKernel, metapath: ProfileMetapath, position: int) -> LearnedAnchors:
        """The anchors of a learned kernel with a share."""
        item = self.scorer.catalogue.item(position)[1]
        aside = self._asked_by_one_of(kernel, item) + flagged_users(self.snapshot, metapath.item_type, item)
        return LearnedAnchors.of(kernel, metapath, item, self.snapshot.k, aside, self.forbidden.names)

    def _asked_by_one_of(self, kernel: LearnedKernel, item: int) -> bool:
        """Whether the user herself may be one of those behind what a kernel says of an item."""
        return self._asks is not None and may_be_counted(kernel, item, self.profile)

    def _told(self, kernel: LearnedKernel, metapath: ProfileMetapath, named: list[LearnedAnchor], position: int) -> str:
        """A learned kernel in words, by its largest anchors; empty where none may be named."""
        if not named:
            return ""
        shown = named[:ANCHORS_SHOWN]
        anchors, people = [(kernel.anchor_type, one.idx) for one in shown], [one.people or 0 for one in shown]
        about = kernel.about(shown[0].idx, self.scorer.catalogue.item(position)[1])
        about = about if about and self.forbidden.names(*about) else None
        return kernel.sentence(self.phrasing, NamedAnchors(metapath.path.start, anchors, people, about))

    def _sentence(self, text: str, share: float) -> str:
        """A text as a sentence, which says so where it speaks against the item."""
        return self.phrasing.sentence(text if share >= 0 else self.phrasing.against(text))

    def _untold(self) -> str:
        return self.phrasing.untold(self.snapshot.k, avoided=bool(self.forbidden.named or self.forbidden.beyond))

    def _path(self, metapath: ProfileMetapath, group: PathGroup) -> Path:
        path, nodes = metapath.path, [self._user]
        for entity_type, idx in zip(metapath.node_types, group.nodes, strict=True):
            nodes.append(self._node(entity_type, idx, group.people))
        return Path(
            share=group.share,
            nodes=nodes,
            relations=list(path.steps),
            people=group.people,
            text=self._sentence(self.phrasing.path(path, group), group.share),
        )

    @cached_property
    def _user(self) -> Node:
        """Where all paths begin."""
        user_type, start = self.profile.user_type, self.profile.user_idx
        user_id = None if start is None else self.snapshot.vocabulary.id(user_type, start)
        return Node(id=user_id, type=user_type, label=user_id or "?")

    def _node(self, entity_type: str, idx: int, people: int | None) -> Node:
        if idx < 0:
            return Node(id=None, type=entity_type, label=self.phrasing.people_count(people or 0))
        if (entity_type, idx) not in self._nodes:
            label = self.snapshot.label(entity_type, idx, self.phrasing.lang)
            entity_id = self.snapshot.vocabulary.id(entity_type, idx)
            self._nodes[entity_type, idx] = Node(id=entity_id, type=entity_type, label=label)
        return self._nodes[entity_type, idx]

    def _near_anchor(self, entity_type: str, idx: int, share: float, cosine: float | None = None) -> NearAnchor:
        """An anchor by its id and label, with its share and, of the embedding, its cosine."""
        label = self.snapshot.label(entity_type, idx, self.phrasing.lang)
        entity_id = self.snapshot.vocabulary.id(entity_type, idx)
        return NearAnchor(id=entity_id, type=entity_type, label=label, cosine=cosine, share=share)

    def _near(self, position: int) -> list[_Near]:
        """The anchors' embedding shares, largest first; people and what is avoided are no anchors to name."""
        if self.scorer.vectors is None or self.scorer.embedding_weight[position] == 0:
            return []
        near = []
        for step, anchors in self.scorer.embedding_anchors(self.profile).items():
            entity_type = self.snapshot.schema.ends(step)[1]
            if not self.snapshot.schema.entity[entity_type].sensitive:
                near += self._cosines(step, entity_type, anchors, position)
        return sorted(near, key=lambda one: (-one.share, one.entity_type, one.idx))

    def _cosines(self, step: str, entity_type: str, anchors: Anchors, position: int) -> list[_Near]:
        cosines = self.scorer.cosines(step, anchors, position)
        shares = float(self.scorer.embedding_weight[position]) * anchors.weight * cosines
        return [
            _Near(entity_type, int(idx), float(cosine), float(share))
            for idx, cosine, share in zip(anchors.idx, cosines, shares, strict=True)
            if self.forbidden.names(entity_type, int(idx))
        ]

    def _embedding_part(self, position: int) -> list[Part]:
        anchors = self.scorer.embedding_anchors(self.profile)
        share = float(self.scorer.embedding_weight[position]) * sum(
            float(found.weight @ self.scorer.cosines(step, found, position)) for step, found in anchors.items()
        )
        if share == 0:
            return []
        near = sorted(self._near(position), key=lambda one: one.share * (-1 if share > 0 else 1))[:ANCHORS_SHOWN]
        nearest = [self._near_anchor(one.entity_type, one.idx, one.share, one.cosine) for one in near]
        named = [(one.entity_type, one.idx) for one in near if one.cosine >= NEAR and one.share * share > 0]
        text = self._sentence(self.phrasing.embedding(named), share if named else 0.0)
        return [Part(kind="embedding", share=share, nearest=nearest, text=text)]
