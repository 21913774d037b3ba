"""Explanation: every score taken apart into paths, embedding and popularity, to the last decimal."""

from dataclasses import dataclass

import numpy as np

from recommender.metapaths import Metapath
from recommender.path_groups import K_ANONYMITY, PathGroup, group_paths
from recommender.paths import path_instances
from recommender.phrasing import Phrasing
from recommender.profile import Anchors, Profile
from recommender.results import NearAnchor, Node, OtherPaths, Part, Path
from recommender.scorer import Scorer

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

    :param profile: whose scores.
    :param phrasing: the language of the texts.
    """

    def __init__(self, scorer: Scorer, profile: Profile, phrasing: Phrasing) -> None:
        self.scorer, self.profile, self.phrasing = scorer, profile, phrasing
        self.snapshot = scorer.snapshot
        self.metapaths = scorer.metapaths_of(profile)

    def parts(self, position: int) -> list[Part]:
        """All parts of the score of an item, largest share first; parts with a share of 0 are left out."""
        parts = []
        for path, share in self._path_shares(position):
            part = self._path_part if path.association is None else self._association_part
            parts.append(part(path, share, position))
        if self.scorer.vectors is not None and self.scorer.embedding_weight[position] > 0:
            parts += self._embedding_part(position)
        popularity = float(self.scorer.popularity[position])
        if popularity != 0:
            text = self.phrasing.popularity(self._domain(position))
            parts.append(Part(kind="popularity", share=popularity, text=text))
        return sorted(parts, key=lambda part: -part.share)

    def reason(self, position: int) -> str:
        """One sentence: the largest path of the strongest metapath that may be told, else the largest other part."""
        associated = ""
        for path, share in sorted(self._path_shares(position), key=lambda pair: -pair[1]):
            if path.association is not None:
                associated = associated or self._association_part(path, share, position).text
                continue
            shown, _, _ = self._groups(path, position)
            if shown:
                return self.phrasing.sentence(self.phrasing.path(path, shown[0]))
        if associated:
            return associated
        near = [one for one in self._near(position) if one.cosine >= NEAR]
        if near:
            named = [(one.entity_type, one.idx) for one in near[:ANCHORS_SHOWN]]
            return self.phrasing.sentence(self.phrasing.embedding(named))
        if self.scorer.catalogue.popularity[position] > 0:
            return self.phrasing.sentence(self.phrasing.popularity(self._domain(position)))
        return self.phrasing.sentence(self.phrasing.nothing())

    def _domain(self, position: int) -> str:
        domain = self.snapshot.schema.entity[self.scorer.catalogue.item(position)[0]].domain
        assert domain is not None
        return domain

    def _path_shares(self, position: int) -> list[tuple[Metapath, float]]:
        """The share of each metapath that ends at the type of the item: ``w_m Σ_a x[a] K_m[a, i]``."""
        item_type, item = self.scorer.catalogue.item(position)
        shares = []
        for path in self.metapaths:
            if path.item_type(self.snapshot.schema) == item_type:
                share = self.scorer.blend.weight(path) * self._kernel_sum(path, item)
                if share:
                    shares.append((path, share))
        return shares

    def _kernel_sum(self, path: Metapath, item: int) -> float:
        kernel, anchors, total = self.scorer.kernels.kernel(path.tail), self.profile.anchors[path.start], 0.0
        for anchor, weight in zip(anchors.idx, anchors.weight, strict=True):
            start, end = kernel.indptr[anchor], kernel.indptr[anchor + 1]
            row = kernel.indices[start:end]
            place = int(np.searchsorted(row, item))
            if place < len(row) and row[place] == item:
                total += float(weight * kernel.data[start + place])
        return total

    def _groups(self, path: Metapath, position: int) -> tuple[list[PathGroup], int, float]:
        item = self.scorer.catalogue.item(position)[1]
        instances = path_instances(self.scorer.kernels, path.tail, self.profile.anchors[path.start], item)
        return group_paths(self.snapshot, self._node_types(path), instances, self.scorer.blend.weight(path))

    def _node_types(self, path: Metapath) -> tuple[str, ...]:
        return tuple(self.snapshot.schema.ends(step)[1] for step in path.steps)

    def _path_part(self, path: Metapath, share: float, position: int) -> Part:
        groups, hidden_count, _ = self._groups(path, position)
        shown = [self._path(path, group) for group in groups[:PATHS_SHOWN]]
        rest = share - sum(one.share for one in shown)
        others = hidden_count + sum(group.people or 1 for group in groups[PATHS_SHOWN:])
        text = shown[0].text if shown else self.phrasing.sentence(self.phrasing.few_people(K_ANONYMITY))
        return Part(
            kind="path",
            share=share,
            metapath=str(path),
            paths=shown,
            other_paths=OtherPaths(count=others, share=rest) if others else OtherPaths(count=0, share=0.0),
            text=text,
        )

    def _association_part(self, path: Metapath, share: float, position: int) -> Part:
        """The part of an association, by anchors: what was used goes with the item, as learned from all."""
        kernel, anchors = self.scorer.kernels.kernel(path.tail), self.profile.anchors[path.start]
        item, weight = self.scorer.catalogue.item(position)[1], self.scorer.blend.weight(path)
        anchor_type = self.snapshot.schema.ends(path.start)[1]
        entries = [
            (int(idx), float(x * kernel[idx, item]) * weight) for idx, x in zip(*vars(anchors).values(), strict=True)
        ]
        largest = sorted((one for one in entries if one[1]), key=lambda one: (-one[1], one[0]))
        nearest = [
            NearAnchor(
                id=self.snapshot.vocabulary.id(anchor_type, idx),
                type=anchor_type,
                label=self.snapshot.label(anchor_type, idx, self.phrasing.lang),
                share=one_share,
            )
            for idx, one_share in largest
        ]
        text = self.phrasing.association([(anchor_type, idx) for idx, _ in largest[:ANCHORS_SHOWN]])
        sentence = self.phrasing.sentence(text)
        return Part(kind="association", share=share, metapath=str(path), nearest=nearest, text=sentence)

    def _path(self, path: Metapath, group: PathGroup) -> Path:
        types = (self.profile.user_type, *self._node_types(path))
        start = self.profile.user_idx
        user_id = None if start is None else self.snapshot.vocabulary.id(self.profile.user_type, start)
        nodes = [Node(id=user_id, type=types[0], label=user_id or "?")]
        for entity_type, idx in zip(types[1:], group.nodes, strict=True):
            nodes.append(self._node(entity_type, idx, group.people))
        return Path(
            share=group.share,
            nodes=nodes,
            relations=list(path.steps),
            people=group.people,
            text=self.phrasing.sentence(self.phrasing.path(path, group)),
        )

    def _node(self, entity_type: str, idx: int, people: int | None) -> Node:
        if idx < 0:
            return Node(id=None, type=entity_type, label=self.phrasing.people_count(people or 0))
        label = self.snapshot.label(entity_type, idx, self.phrasing.lang)
        return Node(id=self.snapshot.vocabulary.id(entity_type, idx), type=entity_type, label=label)

    def _near(self, position: int) -> list[_Near]:
        """The anchors' embedding shares, largest first; people are no anchors to name."""
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
        ]

    def _embedding_part(self, position: int) -> list[Part]:
        anchors = self.scorer.embedding_anchors(self.profile)
        share = float(self.scorer.embedding_weight[position]) * sum(
            float(found.weight @ self.scorer.cosines(step, found, position)) for step, found in anchors.items()
        )
        near = self._near(position)[:ANCHORS_SHOWN]
        if share == 0:
            return []
        nearest = [
            NearAnchor(
                id=self.snapshot.vocabulary.id(one.entity_type, one.idx),
                type=one.entity_type,
                label=self.snapshot.label(one.entity_type, one.idx, self.phrasing.lang),
                cosine=one.cosine,
                share=one.share,
            )
            for one in near
        ]
        named = [(one.entity_type, one.idx) for one in near if one.cosine >= NEAR]
        text = self.phrasing.sentence(self.phrasing.embedding(named))
        return [Part(kind="embedding", share=share, nearest=nearest, text=text)]
