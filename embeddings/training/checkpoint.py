"""Checkpoints of a training: parameters and optimizer state in one safetensors file, the rest in its header."""

from pathlib import Path
from typing import Any, Self

from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from embeddings.vectors.config import CHECKPOINT, TrainingConfig
from kg.errors import TrainingError

FORMAT = 2
Arrays = dict[str, NDArray[Any]]


class CheckpointHeader(BaseModel, frozen=True):
    """Everything but the arrays. Random states are missing because every epoch starts from (seed, epoch)."""

    format: int = FORMAT
    snapshot: str
    config: TrainingConfig
    losses: tuple[float, ...]
    """Mean loss of each finished epoch."""
    curve: tuple[float, ...]
    """Validation MRR of each finished epoch; empty without a validation part."""
    seconds: float
    """Training time so far."""
    environment: dict[str, str]
    """What else decides the last bits of the result: versions, device, number of threads."""

    @property
    def epoch(self) -> int:
        """The number of finished epochs."""
        return len(self.losses)


class Checkpoint:
    """The state after an epoch.

    :param model: name of a parameter → C-contiguous array.
    :param optimizer: state of the loop's optimizer: name → C-contiguous array.
    :param best: the parameters of the best epoch; empty without a validation part.
    """

    def __init__(self, header: CheckpointHeader, model: Arrays, optimizer: Arrays, best: Arrays) -> None:
        self.header, self.model, self.optimizer, self.best = header, model, optimizer, best

    def save(self, folder: Path) -> None:
        """Write the file and put it in place in one step; the header travels in it, so the two cannot differ.

        :raises TrainingError: where the folder cannot be written.
        """
        pending = folder / f"{CHECKPOINT}.part"
        try:
            parts = {"model": self.model, "optimizer": self.optimizer, "best": self.best}
            arrays = {f"{part}/{name}": array for part, held in parts.items() for name, array in held.items()}
            save_file(arrays, pending, metadata={"header": self.header.model_dump_json()})
            pending.replace(folder / CHECKPOINT)
        except (OSError, SafetensorError) as problem:
            raise TrainingError(f"{folder}: the checkpoint cannot be written: {problem}") from problem

    @classmethod
    def open(cls, folder: Path) -> Self | None:
        """Read the checkpoint of a folder, ``None`` where there is none.

        :raises TrainingError: where it is damaged or of another format.
        """
        path = folder / CHECKPOINT
        if not path.exists():
            return None
        try:
            with safe_open(path, framework="np") as file:
                header = CheckpointHeader.model_validate_json((file.metadata() or {}).get("header", ""))
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        except (OSError, SafetensorError, ValidationError):
            raise TrainingError(f"{path}: damaged; train without `resume` to start anew") from None
        if header.format != FORMAT:
            raise TrainingError(f"{path}: format {header.format}, expected {FORMAT}; train without `resume`")
        return cls(header, *(_part(arrays, f"{part}/") for part in ("model", "optimizer", "best")))

    def check(self, snapshot_hash: str, config: TrainingConfig) -> None:
        """Make sure that the checkpoint belongs to this training.

        :raises TrainingError: naming the snapshots or the settings that differ.
        """
        header = self.header
        if header.snapshot != snapshot_hash:
            raise TrainingError(
                f"cannot resume: the checkpoint after epoch {header.epoch} belongs to snapshot "
                f"{header.snapshot[:12]}, the current one is {snapshot_hash[:12]}; train without `resume`"
            )
        there, here = header.config.model_dump(), config.model_dump()
        differing = [
            f"{name} {there[name]} there, {here[name]} here"
            for name in here
            if here[name] != there[name] and name != "minutes"  # more time is what one may want to resume with
        ]
        if differing:
            raise TrainingError(
                f"cannot resume: the checkpoint after epoch {header.epoch} has other settings "
                f"({'; '.join(differing)}); repeat them, or train without `resume`"
            )

    def changed(self, environment: dict[str, str]) -> str:
        """What of the environment is not as it was, for a person; empty where all is the same."""
        before = self.header.environment
        return ", ".join(f"{k} {before.get(k)}, now {v}" for k, v in environment.items() if before.get(k) != v)


def discard_checkpoint(folder: Path) -> None:
    """Remove the checkpoint of a folder, if there is one."""
    for name in (CHECKPOINT, f"{CHECKPOINT}.part"):
        (folder / name).unlink(missing_ok=True)


def _part(arrays: Arrays, start: str) -> Arrays:
    return {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}
