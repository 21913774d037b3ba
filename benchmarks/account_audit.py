"""Check accounts of ``why``: do they add up, and does every path behind them exist in the stores?"""

from collections import defaultdict
from pathlib import Path

from kg.workspace.workspace import Workspace
from recommender.kernels.metapaths import Metapath
from recommender.kernels.path_instances import paths_between
from recommender.profiles.profile import Anchors
from recommender.results.account import Account, Part
from recommender.serving.recommender import Recommender, Request


def audit(recommender: Recommender, accounts: list[Account], workspaces: list[Path]) -> list[tuple[str, object]]:
    """Gaps between score, parts and paths, and how many of the steps exist in each store."""
    gaps, instances, steps = [0.0], 0, set()
    for account in accounts:
        for part in account.parts:
            if part.kind == "path":
                gap, count, found = _trace(recommender, account, part)
                gaps.append(gap)
                instances += count
                steps |= found
    worst = max(abs(account.score - sum(part.share for part in account.parts)) for account in accounts)
    rows: list[tuple[str, object]] = [
        ("pairs", len(accounts)),
        ("pairs with a path", sum(any(part.kind == "path" for part in account.parts) for account in accounts)),
        ("largest |score − Σ parts|", f"{worst:.1e}"),
        ("largest |part − Σ all its paths|", f"{max(gaps):.1e}"),
        ("paths, shown or counted", instances),
        ("different steps of them", len(steps)),
    ]
    return rows + [(f"steps that exist, {folder.name}", f"{_existing(folder, steps):.2%}") for folder in workspaces]


def _trace(recommender: Recommender, account: Account, part: Part) -> tuple[float, int, set[tuple[str, str, str]]]:
    """All paths behind a part: gap to its share, their number, their steps as (relation, head id, tail id)."""
    schema, vocabulary = recommender.snapshot.schema, recommender.snapshot.vocabulary
    metapath = Metapath(tuple(str(part.metapath).split(" > ")))
    profile = recommender.profile(Request(account.user.id))
    item = vocabulary.idx(account.item.type, account.item.id)
    anchors = profile.anchors[metapath.start]
    kept = recommender.scorer.kernels.kernel(metapath.tail)[anchors.idx][:, [item]].toarray().ravel() != 0
    anchors = Anchors(anchors.idx[kept], anchors.weight[kept])
    found = paths_between(recommender.scorer.kernels, metapath.tail, anchors, item)
    gap = abs(part.share - recommender.scorer.blend.weight(metapath) * float(found.product.sum()))
    steps: set[tuple[str, str, str]] = set()
    for path in found.nodes.tolist():
        types = [schema.ends(step)[1] for step in metapath.steps]
        ids = [str(account.user.id), *(vocabulary.id(*node) for node in zip(types, path, strict=True))]
        for step, head, tail in zip(metapath.steps, ids, ids[1:], strict=False):
            steps.add((step[1:], tail, head) if step.startswith("~") else (step, head, tail))
    for shown in part.paths or ():
        for step, start, end in zip(shown.relations, shown.nodes, shown.nodes[1:], strict=False):
            if start.id is not None and end.id is not None:
                steps.add((step[1:], end.id, start.id) if step.startswith("~") else (step, start.id, end.id))
    return gap, len(found.product), steps


def _existing(folder: Path, steps: set[tuple[str, str, str]]) -> float:
    """The share of the steps that are triples of the workspace's store."""
    by_relation = defaultdict(list)
    for relation, head, tail in steps:
        by_relation[relation].append((head, tail))
    store = Workspace(folder).open_store(read_only=True)
    try:
        return sum(len(store.existing_triples(*one)) for one in by_relation.items()) / max(len(steps), 1)
    finally:
        store.close()
