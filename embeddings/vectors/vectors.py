"""Vectors of the entities and relations of one snapshot: how they were trained, saved without pickle, mapped."""

import hashlib
from collections.abc import Callable, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError

from embeddings.vectors.calibration import ScoreCard
from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.models import MODELS
from kg.checksums import NAME as CHECKSUMS
from kg.checksums import Checksums
from kg.errors import ModelError, StaleModelError

__all__ = ["MODELS", "TrainingConfig", "Vectors", "VectorsManifest", "read_manifest", "unit_rows"]

FORMAT = 1
NETWORK = "network.safetensors"
"""The file beside vectors that holds what else their model's scores need."""
Judge = Callable[[NDArray[np.float32]], float]
"""How good vectors are, higher is better, from rows of length 1: shape (entities, d)."""
Until = Judge | int | None
"""When training ends: when a judge says that vectors get no better, after so many epochs, or by the validation MRR."""


class ArrayShape(BaseModel, frozen=True):
    """What a saved array must be."""

    dtype: str
    shape: tuple[int, int]


class VectorsManifest(BaseModel, frozen=True):
    """Where vectors come from; ``vectors.json`` in their folder."""

    format: int = FORMAT
    snapshot: str
    """Hash of the snapshot whose entities the rows are."""
    trained_on: str | None = None
    """Hash of the part they were trained on, where they have not seen the whole snapshot: those of a pilot."""
    config: TrainingConfig
    batch_size: int
    """The batch size that was used."""
    entities: dict[str, int]
    """Entity type → number of entities, in the order of the rows: the global indices of ``Vocabulary``."""
    relations: tuple[str, ...]
    """Relations in the order of the rows."""
    triples: int
    """Triples trained on."""
    losses: tuple[float, ...]
    """Mean loss of each epoch."""
    curve: tuple[float, ...] = ()
    """Filtered MRR on the validation part after each epoch, or ``measure``; empty without one."""
    measure: str = "MRR"
    """What the curve shows."""
    best_epoch: int | None = None
    """The epoch whose vectors these are, from 1; ``None`` without a validation part: the last."""
    held_out: int = 0
    """Triples held out for validation and calibration."""
    score_card: ScoreCard | None = None
    """How scores become probabilities, and how good these are; ``None`` where too few triples were held out."""
    folded_in: int = 0
    """Entities that came after training; their vectors were fitted to the others'."""
    seconds: float
    triples_per_second: float
    environment: dict[str, str]
    """Versions of python, numpy, torch, pykeen; device; number of threads."""
    digest: str = ""
    """BLAKE2b of the arrays in hexadecimal; its start is in the names of their files."""
    arrays: dict[str, ArrayShape] = Field(default_factory=dict)


class Vectors:
    """Entity and relation vectors of one snapshot.

    :param entity: shape (entities, d), float32 or complex64, rows by global index.
    :param relation: shape (relations, d), float32 or complex64, rows in the order of ``manifest.relations``.
    """

    def __init__(
        self, manifest: VectorsManifest, entity: NDArray[Any], relation: NDArray[Any], unit: NDArray[np.float32]
    ) -> None:
        self.manifest, self.entity, self.relation, self._unit = manifest, entity, relation, unit

    @classmethod
    def open(cls, folder: Path, snapshot_hash: str) -> Self:
        """Map saved vectors.

        :raises StaleModelError: where they belong to another snapshot.
        :raises ModelError: where there are none, or they are of another format or damaged.
        """
        manifest = read_manifest(folder)
        if manifest.snapshot != snapshot_hash:
            raise StaleModelError(
                f"{folder}: the vectors were trained on snapshot {manifest.snapshot[:12]}, the current one is "
                f"{snapshot_hash[:12]}; run `whyrec train`"
            )
        try:
            if checksums := Checksums.open(folder / CHECKSUMS):
                checksums.check("vectors.json", *(_file(folder, name, manifest).name for name in manifest.arrays))
        except (OSError, ValueError) as problem:
            raise _damaged(folder, str(problem)) from None
        entity, relation, unit = (_map(folder, name, manifest) for name in ("entity", "relation", "unit"))
        return cls(manifest, entity, relation, unit)

    def save(self, folder: Path) -> Self:
        """Write the arrays, then switch the manifest over in one step: a reader sees the old vectors or the new.

        :returns: the saved vectors, mapped; their manifest has digest and shapes.
        :raises ModelError: where numbers are not finite (nothing is written), or the folder cannot be written.
        """
        arrays = {"entity": self.entity, "relation": self.relation, "unit": self._unit}
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise ModelError(f"{folder}: the vectors are not finite and were not saved")
        digest = hashlib.blake2b(digest_size=32)
        for name in ("entity", "relation"):
            digest.update(np.ascontiguousarray(arrays[name]).data)
        shapes = {name: ArrayShape(dtype=array.dtype.name, shape=array.shape) for name, array in arrays.items()}
        manifest = self.manifest.model_copy(update={"digest": digest.hexdigest(), "arrays": shapes})
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder, manifest, arrays)
        except OSError as problem:
            raise ModelError(f"{folder}: the vectors cannot be written: {problem}") from problem
        return self.open(folder, manifest.snapshot)

    def unit(self, entity_type: str) -> NDArray[np.float32]:
        """Real vectors of length 1 of all entities of a type: shape (count, d), float32, mapped.

        Complex vectors become their real parts followed by their imaginary parts (d = 2 × ``dim``), so that
        dot products of rows are cosine similarities for every model.

        :raises ModelError: where numbers are not finite.
        """
        names = list(self.manifest.entities)
        ends = list(accumulate(self.manifest.entities.values(), initial=0))
        position = names.index(entity_type)
        rows = self._unit[ends[position] : ends[position + 1]]
        if not np.isfinite(np.vdot(rows, rows)):  # one pass without a copy; rows of length 1 cannot overflow
            raise ModelError(f"the vectors of {entity_type} are not finite; run `whyrec train` to make them anew")
        return rows


def read_manifest(folder: Path) -> VectorsManifest:
    """Read where saved vectors come from.

    :raises ModelError: where there are none, or they are of another format or damaged.
    """
    try:
        manifest = VectorsManifest.model_validate_json((folder / "vectors.json").read_bytes())
    except FileNotFoundError:
        raise ModelError(f"{folder}: no vectors here; run `whyrec train`") from None
    except (OSError, ValidationError):
        raise _damaged(folder, "vectors.json is damaged") from None
    if manifest.format != FORMAT:
        raise ModelError(f"{folder}: vectors of format {manifest.format}, expected {FORMAT}; run `whyrec train`")
    return manifest


def unit_rows(array: NDArray[Any]) -> NDArray[np.float32]:
    """Rows scaled to length 1, real and imaginary parts side by side; zero rows stay zero.

    :param array: shape (n, d), float32 or complex64.
    :returns: shape (n, d) or (n, 2d), float32, C-contiguous.
    """
    real = np.concatenate([array.real, array.imag], axis=1) if np.iscomplexobj(array) else array
    wide = real.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    return np.ascontiguousarray((wide / np.where(lengths > 0, lengths, 1)).astype(np.float32))


def _file(folder: Path, name: str, manifest: VectorsManifest) -> Path:
    return folder / f"{name}.{manifest.digest[:16]}.npy"


def _write(folder: Path, manifest: VectorsManifest, arrays: Mapping[str, NDArray[Any]]) -> None:
    files = {_file(folder, name, manifest): array for name, array in arrays.items()}
    for path, array in files.items():
        pending = path.with_name(f"{path.name}.part")  # a file that somebody has mapped must not change under them
        with pending.open("wb") as file:
            np.save(file, array, allow_pickle=False)
        pending.replace(path)
    pending = folder / "vectors.json.part"
    pending.write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    pending.replace(folder / "vectors.json")
    Checksums.write(folder / CHECKSUMS, [*files, folder / "vectors.json"])
    for other in [*folder.glob("*.npy"), *folder.glob("*.npy.part")]:
        if other not in files:
            other.unlink(missing_ok=True)


def _map(folder: Path, name: str, manifest: VectorsManifest) -> NDArray[Any]:
    try:
        array = np.asarray(np.load(_file(folder, name, manifest), mmap_mode="r", allow_pickle=False))
    except (OSError, ValueError, EOFError):
        raise _damaged(folder, f"the array {name!r} is missing or damaged") from None
    expected = manifest.arrays.get(name)
    if expected is None or (array.dtype.name, array.shape) != (expected.dtype, expected.shape):
        raise _damaged(folder, f"the array {name!r} is not the one that vectors.json describes")
    return array


def _damaged(folder: Path, what: str) -> ModelError:
    return ModelError(f"{folder}: {what}; run `whyrec train` to make the vectors anew")
