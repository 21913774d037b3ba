"""``whyrec train`` interrupted by a person, and gone on with."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.learned_weights import SCORERS_SHOWN, show_domain, shown_scorers
from cli.output import Output
from embeddings.training.epochs import Epochs
from embeddings.vectors.vectors import read_manifest
from kg.workspace.workspace import Workspace
from recommender.learning.model import VECTORS
from recommender.results.learning import DomainReport, ToldDomain
from recommender.scoring.blend import Blend
from tests.cli.conftest import Whyrec

Document = Callable[..., Any]
SMALL = ("train", "--dim", "4", "--epochs", "4", "--model", "DistMult")


def test_an_interrupted_training_says_how_to_go_on_and_ends_with_the_same_vectors(
    example: Path, whyrec: Whyrec, document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [tmp_path / name for name in ("whole", "parts")]
    for folder in folders:
        shutil.copytree(example, folder)
    whole, parts = folders
    validate = Epochs.validate

    def interrupt(epochs: Epochs) -> None:
        validate(epochs)
        if len(epochs.losses) == 3:
            raise KeyboardInterrupt

    document("-w", whole, *SMALL)
    with monkeypatch.context() as patch:
        patch.setattr(Epochs, "validate", interrupt)
        result = whyrec("-w", parts, *SMALL)
    assert result.exit_code == 130 and "--resume goes on" in " ".join(result.stderr.split())
    told = " ".join(document("-w", parts, "status")["notices"])
    assert "(pilot) stopped after epoch" in told and "checkpoint.safetensors" in told
    gone_on = whyrec("-w", parts, *SMALL, "--resume").stderr
    assert "training goes on after epoch" in " ".join(gone_on.split()) and "unfinished" not in gone_on
    digests = {read_manifest(Workspace(folder).model / VECTORS).digest for folder in folders}
    assert len(digests) == 1


def test_what_the_embedding_adds_is_shown_even_where_it_is_least() -> None:
    adds = {f"path {number}": 0.1 * number for number in range(20)} | {"embedding": -0.5}
    shown = shown_scorers(adds)
    assert shown[0] == "path 19" and shown[-1] == "embedding" and len(shown) == SCORERS_SHOWN + 1


@pytest.mark.parametrize(
    ("held_back", "said"),
    [
        (38, "checked on 38 people that nothing was learned from: NDCG@10 0.1577 with default weights, 0.1606 with"),
        (3, "too few people were left to check it on (fewer than 5 people)"),
    ],
)
def test_on_whom_weights_were_checked_is_said_in_plain_words(
    held_back: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = {"before": 0.1577, "after": 0.1606, "p": 0.865, "popularity": 0.1}
    report = DomainReport(domain="d", users=175, people=175, held_back=held_back, kept=False, **figures)
    show_domain(Output(), Blend(metapaths={}), ToldDomain.of(report, 5))
    assert said in " ".join(capsys.readouterr().out.split())
