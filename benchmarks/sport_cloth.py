"""Amazon Sport × Cloth: people whose purchases of one domain are hidden, recommended to from the other.

    WHYREC_DATA=… python benchmarks/sport_cloth.py WORK-FOLDER [--shared 0.1]

Loads both domains with the program, leaves out the articles that stand in both catalogues, hides the target domain of
20 % of the people (seed 0), and ranks all its items for them, both directions, beside popularity, two-hop RP3β, joint
EASE on the most popular items, joint ALS, and EMCDR's linear map between two ALS models (the last two with implicit).
Weights are learned on a validation part of the training part. ``--shared`` keeps only that part of the other people in
both domains: the rest lose their purchases of the target.
"""

import gzip
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer
from program import ranking_table, whyrec
from rich.console import Console
from scipy.sparse import csr_array, csr_matrix

from kg.snapshot.snapshot import Snapshot
from kg.workspace.workspace import Workspace
from recommender.catalogue.interactions import Interactions, ScoreUsers, User
from recommender.evaluation.baselines.baselines import by_items, ease, rp3beta
from recommender.evaluation.duplicates import DuplicateSearch
from recommender.evaluation.evaluation import evaluate, scorer_of_users
from recommender.learning.fitting import fit_blend
from recommender.splitting.interaction_splits import Split, cold_domain_split, hold_out

SCHEMA = Path(__file__).parent / "sport_cloth" / "schema.toml"
EASE_ITEMS, FACTORS, RIDGE = 12_000, 64, 1.0
CONSOLE = Console(width=120)


def main(
    folder: Annotated[Path, typer.Argument(help="Where files and workspace are made.")],
    data: Annotated[Path, typer.Option(envvar="WHYREC_DATA", help="The folder of data sets.")],
    shared: Annotated[float, typer.Option(help="Part of the other people who stay in both domains.")] = 1.0,
) -> None:
    """Measure and print."""
    snapshot = loaded(data / "disencdr_sport_cloth", folder)
    search = DuplicateSearch(snapshot)
    found = search.report("drop")
    CONSOLE.print(
        f"{found.items:,} articles in {found.groups:,} groups left out, {found.interactions:.1%} of purchases"
    )
    whole = search.handled("drop")
    left_out = search.becomes("drop") != np.arange(search.catalogue.size)
    for domain in ("cloth", "sport"):
        split = fewer_shared(cold_domain_split(whole, domain, 0.2, 0), domain, shared)
        fitting = folder / f"fitting-{domain}"
        shutil.rmtree(fitting, ignore_errors=True)
        fitted = fit_blend(split.train, fitting, 0, None, kind="random")
        scorer = fitted.scorer(split.train, fitting / "final", None)
        models = {"whyrec": scorer_of_users(scorer, domain=domain), "whyrec, filled up": scorer_of_users(scorer)}
        models |= _peers(split.train, domain)
        result = evaluate(split, models, 10, domain, left_out=left_out)
        _show(domain, result.model_dump(), fitted.blend.model_dump())


def loaded(source: Path, folder: Path) -> Snapshot:
    """Load both domains into a new workspace."""
    files = folder / "files"
    files.mkdir(parents=True, exist_ok=True)
    people: set[str] = set()
    for domain in ("sport", "cloth"):
        lines = [line for part in ("train", "test") for line in _lines(source / f"{domain}_{part}.txt.gz")]
        rows = {(f"u{user}", f"{domain}{item}") for user, item, _ in map(str.split, lines)}
        pl.DataFrame(sorted(rows), schema=["head", "tail"], orient="row").write_csv(files / f"bought_{domain}.csv")
        pl.DataFrame({"id": sorted({item for _, item in rows})}).write_csv(files / f"{domain.title()}.csv")
        people |= {user for user, _ in rows}
    pl.DataFrame({"id": sorted(people)}).write_csv(files / "User.csv")
    workspace = folder / "workspace"
    shutil.rmtree(workspace, ignore_errors=True)
    loaded = [files / f"{name}.csv" for name in ("User", "Sport", "Cloth", "bought_sport", "bought_cloth")]
    whyrec(workspace, "init", "--schema", str(SCHEMA))
    whyrec(workspace, "load", *map(str, loaded))
    return Workspace(workspace).snapshot()


def _lines(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return file.read().splitlines()


def fewer_shared(split: Split, domain: str, shared: float) -> Split:
    """Take the target domain from most of the people who are not tested."""
    if shared >= 1:
        return split
    train, name = split.train, f"bought_{domain}"
    counts = np.diff(train.adjacency(name).indptr)
    gone = (counts > 0) & (np.random.default_rng(1).random(len(counts)) >= shared)
    fewer = hold_out(train, {name: np.repeat(gone, counts)}, {})
    return replace(split, train=fewer.train)


def _peers(train: Snapshot, domain: str) -> dict[str, ScoreUsers]:
    interactions = Interactions(train)
    matrix, catalogue = interactions.matrix, interactions.catalogue
    popularity = np.asarray(matrix.sum(axis=0), dtype=np.float64)
    chosen = np.sort(np.argsort(-popularity, kind="stable")[:EASE_ITEMS])
    weights = ease(csr_array(matrix[:, chosen]))
    factors = _als(matrix)
    target = catalogue.slices[domain.title()]
    source = next(part for name, part in catalogue.slices.items() if name != domain.title())
    mapped = _mapped(matrix, source, target)

    def by_ease(users: Sequence[User]) -> np.ndarray:
        scores = np.zeros((len(users), catalogue.size))
        scores[:, chosen] = interactions.rows(users)[:, chosen] @ weights
        return scores

    def by_map(users: Sequence[User]) -> np.ndarray:
        scores = np.full((len(users), catalogue.size), -np.inf)
        scores[:, target] = mapped[0][[idx for _, idx in users]] @ mapped[1].T
        return scores

    return {
        "popularity": lambda users: np.tile(popularity, (len(users), 1)),
        "rp3beta": by_items(interactions, rp3beta(matrix, beta=0.0, neighbours=1000)),
        "joint EASE": by_ease,
        "joint ALS": lambda users: factors[0][[idx for _, idx in users]] @ factors[1].T,
        "EMCDR, linear": by_map,
    }


def _als(matrix: csr_array) -> tuple[np.ndarray, np.ndarray]:
    from implicit.als import AlternatingLeastSquares  # the extra `bench`, which not all that load need

    model = AlternatingLeastSquares(FACTORS, regularization=3.0, alpha=20.0, iterations=15, random_state=0)
    model.fit(csr_matrix(matrix, dtype=np.float32), show_progress=False)
    return model.user_factors, model.item_factors


def _mapped(matrix: csr_array, source: slice, target: slice) -> tuple[np.ndarray, np.ndarray]:
    """Each user's taste in the target, mapped linearly from that in the source; and the target's items."""
    (there, _), (here, items) = _als(csr_array(matrix[:, source])), _als(csr_array(matrix[:, target]))
    used = [np.asarray(matrix[:, part].sum(axis=1)) > 0 for part in (source, target)]
    both = np.flatnonzero(used[0] & used[1])
    gram = there[both].T @ there[both] + RIDGE * np.eye(FACTORS)
    return there @ np.linalg.solve(gram, there[both].T @ here[both]), items


def _show(domain: str, result: dict, blend: dict) -> None:
    title = f"to {domain}: {result['users']:,} people new to it"
    CONSOLE.print(ranking_table(title, result, ("recall",)))
    cold = blend["cold"].get(domain, {})
    CONSOLE.print(
        {name: round(weight, 3) for name, weight in cold.get("metapaths", {}).items() if weight}, cold.get("popularity")
    )


if __name__ == "__main__":
    typer.run(main)
