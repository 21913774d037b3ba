"""Finished runs of experiments: what was run on what by which code, figures, costs; one folder each, no pickle."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError

from kg.errors import ModelError
from kg.workspace.run_values import RECORD, RUNS, VALUES

FORMAT = 1
Kind = Literal["link prediction", "recommendation", "trial"]


class Fingerprint(BaseModel, frozen=True):
    """All that decides the figures of a run; runs with the same fingerprint have the same figures."""

    kind: Kind
    settings: dict[str, Any]
    """Split, candidates, model, search, seed, fold: JSON values."""
    data: str
    """Hash of the snapshot or of the files."""
    code: str
    """Digest of the source of whyrec that computes such runs."""
    libraries: dict[str, str]

    @property
    def id(self) -> str:
        """A short name for it."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.blake2b(text.encode(), digest_size=10).hexdigest()

    def changes(self, now: "Fingerprint") -> list[str]:
        """What is different now, for a person."""
        texts = [name for name in ("data", "code") if getattr(self, name) != getattr(now, name)]
        versions = [
            f"{name} {self.libraries.get(name, '?')} → {now.libraries[name]}"
            for name in now.libraries
            if self.libraries.get(name) != now.libraries[name]
        ]
        return texts + ([f"libraries ({', '.join(versions)})"] if versions else [])


class Cost(BaseModel, frozen=True):
    """What a run took; not part of any comparison to the bit."""

    seconds: float
    triples_per_second: float | None = None
    """Of training."""
    peak_memory: int
    """Largest resident memory in bytes."""
    peak_of_run: bool
    """Whether that is the peak of this run alone; else it is the process's since it began, an upper bound."""


class RunRecord(BaseModel, frozen=True):
    """One finished run; ``run.json`` in its folder."""

    format: int = FORMAT
    fingerprint: Fingerprint
    row: str
    """Name of the model on the leaderboard."""
    seed: int
    fold: int | None = None
    config: dict[str, Any] = Field(default_factory=dict)
    """All settings that were used in the end, what a search chose and defaults included."""
    metrics: dict[str, float]
    relations: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Relation → figures of link prediction and the number of ranks; by missing side under ``(head)``, ``(tail)``."""
    curve: list[float] = Field(default_factory=list)
    """Validation MRR of each epoch."""
    losses: list[float] = Field(default_factory=list)
    best_epoch: int | None = None
    split: dict[str, Any] = Field(default_factory=dict)
    test: str = ""
    """Digest of what was tested on; only runs with the same one are paired."""
    notes: list[str] = Field(default_factory=list)
    """What a reader should know before believing the figures."""
    trials: list[dict[str, Any]] = Field(default_factory=list)
    """Of a search: values and validation MRR, in the order in which they were tried."""
    cost: Cost
    machine: dict[str, str]
    """System, device and the like; they do not decide whether runs are comparable."""

    @property
    def id(self) -> str:
        """The name of its folder."""
        return self.fingerprint.id


class RunFolder:
    """The runs of one experiment.

    :param folder: made when the first run is saved.
    :param check: refuses, by raising, to keep what a run gave each person.
    """

    def __init__(self, folder: Path, check: Callable[[], None] = lambda: None) -> None:
        self.folder, self._runs, self._check = folder, folder / RUNS, check

    def records(self) -> Iterator[RunRecord]:
        """All finished runs, by id.

        :raises ModelError: for a damaged one.
        """
        if self._runs.is_dir():
            for path in sorted(self._runs.iterdir()):
                if not path.name.startswith("."):
                    yield self._read(path / RECORD)

    def find(self, fingerprint: Fingerprint) -> RunRecord | None:
        """The finished run of a fingerprint, ``None`` where there is none.

        :raises ModelError: where it is damaged.
        """
        path = self._runs / fingerprint.id / RECORD
        return self._read(path) if path.exists() else None

    def record(self, run: str) -> RunRecord:
        """The finished run of an id.

        :raises ModelError: where it is damaged, or there is none.
        """
        return self._read(self._runs / run / RECORD)

    def values(self, record: RunRecord) -> NDArray[np.float64]:
        """What figures are means of: ranks of triples, shape (n, 2), or metrics of users, shape (users, 5).

        :raises ModelError: where they are gone or damaged.
        """
        path = self._runs / record.id / VALUES
        if path.parent.is_dir() and not path.exists():
            raise ModelError(
                f"{path}: is not kept any more, for [retention] days, or for somebody who was forgotten; remove "
                f"{path.parent} and run the experiment again"
            )
        try:
            return np.asarray(np.load(path, allow_pickle=False), dtype=np.float64)
        except (OSError, ValueError, EOFError):
            raise self._damaged(path) from None

    def save(self, record: RunRecord, values: NDArray[np.float64] | None = None) -> None:
        """Keep a finished run: its folder appears in one step, so that a killed run leaves none.

        :raises ModelError: where the folder cannot be written, or the values may not be kept.
        """
        if values is not None:
            self._check()
        pending, folder = self._runs / f".{record.id}", self._runs / record.id
        try:
            shutil.rmtree(pending, ignore_errors=True)
            pending.mkdir(parents=True)
            if values is not None:
                np.save(pending / VALUES, np.ascontiguousarray(values, dtype=np.float64), allow_pickle=False)
            text = record.model_dump_json(indent=1)
            (pending / RECORD).write_text(text + "\n", encoding="utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            pending.rename(folder)
        except OSError as problem:
            raise ModelError(f"{self._runs}: the run cannot be kept: {problem}") from problem

    def _read(self, path: Path) -> RunRecord:
        try:
            record = RunRecord.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            raise self._damaged(path) from None
        if record.format != FORMAT or record.id != path.parent.name:
            raise self._damaged(path)
        return record

    def _damaged(self, path: Path) -> ModelError:
        return ModelError(f"{path}: missing, damaged or changed; remove {path.parent} and run the experiment again")
