"""Vectors come back as they were saved, belong to one snapshot, and never load when something is wrong with them."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from embeddings.vectors.vectors import TrainingConfig, Vectors, VectorsManifest, unit_rows
from kg.errors import ModelError, StaleModelError, UsageError

HASH = "0123456789abcdef" * 4
REAL = np.array([[3, 4], [0, 0], [0, -2], [1, 0]], dtype=np.float32)
COMPLEX = np.array([[3 + 4j], [0], [-2j], [1]], dtype=np.complex64)


def vectors_of(entity: np.ndarray) -> Vectors:
    manifest = VectorsManifest(
        snapshot=HASH,
        config=TrainingConfig(dim=entity.shape[1]),
        batch_size=32,
        entities={"Product": 3, "User": 1},
        relations=("purchased",),
        triples=2,
        losses=(1.0, 0.5),
        seconds=1.0,
        triples_per_second=4.0,
        environment={"torch": "2"},
    )
    return Vectors(manifest, entity, entity[:1] + 1, unit_rows(entity))


@pytest.mark.parametrize("entity", [REAL, COMPLEX])
def test_saved_vectors_come_back_mapped_with_their_dtype(entity: np.ndarray, tmp_path: Path) -> None:
    saved = vectors_of(entity).save(tmp_path)
    opened = Vectors.open(tmp_path, HASH)
    assert opened.manifest == saved.manifest
    assert opened.manifest.losses == (1.0, 0.5)
    for name, array in (("entity", entity), ("relation", entity[:1] + 1)):
        back = getattr(opened, name)
        assert isinstance(back.base, np.memmap)
        assert back.dtype == array.dtype
        np.testing.assert_array_equal(back, array)


def test_unit_rows_are_real_of_length_one_and_cut_by_type(tmp_path: Path) -> None:
    real, complexes = (vectors_of(array).save(tmp_path / array.dtype.name) for array in (REAL, COMPLEX))
    expected = np.array([[0.6, 0.8], [0, 0], [0, -1]], dtype=np.float32)
    np.testing.assert_array_equal(real.unit("Product"), expected)
    np.testing.assert_array_equal(complexes.unit("Product"), expected)
    np.testing.assert_array_equal(complexes.unit("User"), np.array([[1, 0]], dtype=np.float32))
    assert real.unit("Product").dtype == np.float32


def test_vectors_of_another_snapshot_are_refused(tmp_path: Path) -> None:
    vectors_of(REAL).save(tmp_path)
    with pytest.raises(StaleModelError, match=r"0123456789ab.*fedcba987654.*whyrec train"):
        Vectors.open(tmp_path, "fedcba9876543210" * 4)


def damage_object_array(path: Path) -> None:
    np.save(path, np.array([[{}, {}]] * 4, dtype=object), allow_pickle=True)


def damage_infinity(path: Path) -> None:
    np.save(path, np.array([[np.inf, 0]] * 4, dtype=np.float32))


DAMAGE: dict[str, tuple[str, Callable[[Path], object]]] = {
    "nothing there": ("vectors.json", Path.unlink),
    "manifest cut": ("vectors.json", lambda path: path.write_text(path.read_text()[:-20])),
    "manifest of a later format": (
        "vectors.json",
        lambda path: path.write_text(path.read_text().replace('"format": 1', '"format": 2')),
    ),
    "array gone": ("entity.*.npy", Path.unlink),
    "array empty": ("relation.*.npy", lambda path: path.write_bytes(b"")),
    "array cut": ("unit.*.npy", lambda path: path.write_bytes(path.read_bytes()[:-4])),
    "array of another shape": ("unit.*.npy", lambda path: np.save(path, REAL[:2])),
    "array of objects": ("entity.*.npy", damage_object_array),
    "infinity": ("unit.*.npy", damage_infinity),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_vectors_say_what_to_do(kind: str, tmp_path: Path) -> None:
    vectors_of(REAL).save(tmp_path)
    pattern, damage = DAMAGE[kind]
    (path,) = tmp_path.glob(pattern)
    damage(path)
    with pytest.raises(ModelError, match="whyrec train"):
        Vectors.open(tmp_path, HASH).unit("Product")


def test_saving_replaces_old_vectors_only_as_a_whole(tmp_path: Path) -> None:
    old = vectors_of(REAL).save(tmp_path)
    with pytest.raises(ModelError, match="not finite"):
        vectors_of(np.full_like(REAL, np.nan)).save(tmp_path)
    (tmp_path / "vectors.json.part").mkdir()  # the last step of saving fails
    with pytest.raises(ModelError, match="cannot be written"):
        vectors_of(REAL * 2).save(tmp_path)
    np.testing.assert_array_equal(Vectors.open(tmp_path, HASH).entity, REAL)

    (tmp_path / "vectors.json.part").rmdir()
    new = vectors_of(REAL * 2).save(tmp_path)
    np.testing.assert_array_equal(Vectors.open(tmp_path, HASH).entity, REAL * 2)
    np.testing.assert_array_equal(old.entity, REAL)  # still mapped by somebody
    assert new.manifest.digest != old.manifest.digest
    assert len(list(tmp_path.iterdir())) == 5  # manifest, three arrays, their checksums


def test_configuration_is_checked() -> None:
    assert TrainingConfig.from_options(model="rotate", dim=None).model == "RotatE"
    assert TrainingConfig(exclude=("b", "a", "b")) == TrainingConfig(exclude=("a", "b"))
    with pytest.raises(UsageError, match="model: unknown model 'TransX'; nearest: 'Trans"):
        TrainingConfig.from_options(model="TransX")
    for option in ({"dim": 0}, {"dim": 1025}, {"epochs": 0}, {"learning_rate": float("nan")}, {"negatives": 0}):
        with pytest.raises(UsageError, match=next(iter(option))):
            TrainingConfig.from_options(**option)


def test_batches_grow_with_the_graph() -> None:
    assert [TrainingConfig().batch_size_for(n) for n in (1, 4, 2000, 100_000, 10**7)] == [32, 32, 32, 2048, 2048]
    assert TrainingConfig(batch_size=7).batch_size_for(10**7) == 7


def test_opening_vectors_imports_nothing_heavy() -> None:
    heavy = "{'torch', 'pykeen', 'safetensors', 'polars', 'pyarrow', 'scipy'} & set(sys.modules)"
    code = f"import sys, embeddings.vectors; sys.exit(str({heavy}) if {heavy} else 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
