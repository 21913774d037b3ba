"""Twenty accounts as people read them, to be read aloud by somebody who did not write them.

    python benchmarks/accounts.py WORKSPACE [--out FILE] [--users 20] [--lang en] [--seed 0]

For each of some random users: the first three reasons of the list, the whole account of its first item in groups, and,
before it, what an account told before there were groups: the largest path of each of the largest metapaths, with the
metapath's share. ``benchmarks/sephora_coco.py`` makes the workspace of Sephora and COCO.
"""

import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from kg.workspace.workspace import Workspace
from recommender.learning.model import open_model
from recommender.results.account import Account
from recommender.serving.recommender import Recommender, Request
from recommender.texts.languages import language

LISTED = 3
PARTS_BEFORE = 3


def main(
    workspace: Annotated[Path, typer.Argument(help="A workspace.")],
    out: Annotated[Path | None, typer.Option(help="Where to write; standard output where absent.")] = None,
    users: Annotated[int, typer.Option(help="How many users.")] = 20,
    lang: Annotated[str, typer.Option(help="Language.")] = "en",
    seed: Annotated[int, typer.Option(help="Seed of the choice.")] = 0,
) -> None:
    """Write the accounts."""
    opened = Workspace(workspace)
    snapshot = opened.snapshot()
    recommender = Recommender(open_model(opened.model, snapshot, opened.kernels))
    everybody = recommender.users()
    chosen = np.random.default_rng(seed).choice(len(everybody), min(users, len(everybody)), replace=False)
    lines = list[str]()
    for number in chosen.tolist():
        lines += [*_account(recommender, snapshot.vocabulary.id(*everybody[number]), lang), ""]
    text = "\n".join(lines)
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8")


def _account(recommender: Recommender, user: str, lang: str) -> list[str]:
    listed = recommender.recommend(Request(user, n=10, lang=lang)).items
    lines = [f"## {user}", ""]
    lines += [f"{row.rank}. {row.label} – {row.reason}" for row in listed[:LISTED]]
    if not listed:
        return lines
    account = recommender.why(Request(user, lang=lang), listed[0].id)
    return [*lines, "", *_before(account, lang), *_now(account, lang)]


def _before(account: Account, lang: str) -> list[str]:
    percent = language(lang).percent
    parts = sorted(account.parts, key=lambda part: -part.share)[:PARTS_BEFORE]
    return [
        "before:",
        *(f"  {percent(part.share / account.score):>8}  {part.text}" for part in parts if account.score > 0),
        "",
    ]


def _now(account: Account, lang: str) -> list[str]:
    percent, told = language(lang).percent, [group for group in account.groups if group.share > 0]
    return [
        "now:",
        *(f"  {percent(group.share / account.score):>8}  {group.text}" for group in told if account.score > 0),
    ]


if __name__ == "__main__":
    typer.run(main)
