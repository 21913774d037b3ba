"""Anchors of a learned kernel: named from five other people on, together from five different others on."""

from pathlib import Path

import pytest

from kg.snapshot.snapshot import Snapshot
from recommender.explanation.explainer import Explainer
from recommender.explanation.learned_anchors import LearnedAnchors
from recommender.explanation.phrasing import Phrasing
from recommender.kernels.learned.association import Association
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.kernels.registry import learned_paths
from recommender.profiles.profile import profile_of
from recommender.scoring.anchor_shares import ProfileMetapath, ProfilePaths
from recommender.scoring.blend import Blend
from recommender.scoring.scorer import Scorer
from tests.graphs import snapshot_of


def _anchors(folder: Path, with_a: int, with_b: int, *, herself: bool, may_name: str = "ab") -> LearnedAnchors:
    """The anchors a and b of somebody, for an item c that so many others used together with each, and she or not."""
    baskets = ["ab", *["ac"] * with_a, *["bc"] * with_b, "d", "d"]
    baskets[0] += "c" if herself else ""
    users = [f"u{number:02}" for number in range(len(baskets))]
    triples = [(user, item) for user, basket in zip(users, baskets, strict=True) for item in basket]
    snapshot = snapshot_of(folder, {"User": users, "Product": [*"abcd"]}, {"purchased": triples})
    return _of(snapshot, folder / "kernels", may_name, herself=herself)


def _of(snapshot: Snapshot, folder: Path, may_name: str, *, herself: bool) -> LearnedAnchors:
    """The same as the explainer finds it, which sees for itself whether she used the item."""
    (path,) = (one for one in learned_paths(snapshot, Association) if str(one) == "purchased > ≈Product-Product")
    kernels = Kernels(snapshot, KernelConfig(learned={"association": {"ridge": 1.0}}), folder)
    scorer = Scorer(snapshot, kernels, Blend(metapaths={str(path): 1.0}), None)
    kernel = kernels.learned(path.tail)
    assert kernel is not None
    profile = profile_of(snapshot, "User", 0)
    weighed = ProfileMetapath(ProfilePaths(scorer, profile), path)
    may = {snapshot.vocabulary.idx("Product", name) for name in may_name}
    found = LearnedAnchors.of(kernel, weighed, 2, snapshot.k, herself, lambda _, idx: idx in may)
    if len(may) == 2:
        parts = Explainer(scorer, profile, Phrasing(snapshot)).parts(scorer.catalogue.position("Product", 2))
        assert [one.kind for one in parts if one.kernel] == ["association"] * bool(found.named or found.others)
    return found


@pytest.mark.parametrize("herself", [False, True])
@pytest.mark.parametrize("others", [4, 5])
def test_an_anchor_is_named_from_five_others_on(tmp_path: Path, others: int, herself: bool) -> None:
    found = _anchors(tmp_path, others, 0, herself=herself)
    assert [(one.idx, one.people) for one in found.named] == ([(0, 5)] if others == 5 else [])
    assert found.others == []


@pytest.mark.parametrize("herself", [False, True])
@pytest.mark.parametrize("others", [4, 5])
def test_anchors_of_few_people_are_told_together_from_five_others_on(
    tmp_path: Path, others: int, herself: bool
) -> None:
    found = _anchors(tmp_path, others - 2, 2, herself=herself)
    assert found.named == [] and [one.people for one in found.all] == [None, None]
    assert found.others == (found.all if others == 5 else [])


def test_what_may_not_be_named_is_told_with_the_others(tmp_path: Path) -> None:
    found = _anchors(tmp_path, 5, 6, herself=False, may_name="b")
    assert [one.idx for one in found.named] == [1] and [one.idx for one in found.others] == [0]
    assert [one.idx for one in found.all] == [1, 0]  # what more people used together says more
    assert found.share == pytest.approx(sum(one.share for one in (*found.named, *found.others)))
