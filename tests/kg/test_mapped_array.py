import gc
import os
import resource
from pathlib import Path

import numpy as np
import pytest

from kg.mapped_array import map_array

ARRAYS = [
    np.arange(7, dtype=np.int32),
    np.arange(6, dtype=np.float64).reshape(2, 3),
    np.array([True, False]),
    np.array([], dtype=np.int64),
    np.float64(3.5),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.arange(3, dtype=">i8"),
    np.zeros((2, 2, 2), dtype=np.uint8),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda one: f"{one.dtype}{one.shape}")
def test_a_mapped_array_is_what_numpy_loads(array: np.ndarray, tmp_path: Path) -> None:
    file = tmp_path / "a.npy"
    np.save(file, array)
    mapped, loaded = map_array(str(file)), np.load(file)
    assert (mapped.dtype, mapped.shape) == (loaded.dtype, loaded.shape)
    assert np.array_equal(mapped, loaded)
    assert not (mapped.size and mapped.ndim and mapped.flags.writeable)


@pytest.mark.parametrize("kept", [0, 3, 100, -1])
def test_a_file_that_ends_too_early_is_refused(kept: int, tmp_path: Path) -> None:
    file = tmp_path / "a.npy"
    np.save(file, np.arange(7.0))
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises((ValueError, EOFError)):
        map_array(str(file))


def test_what_nobody_needs_any_more_lets_go_of_its_files(tmp_path: Path) -> None:
    """A notebook opened a model again and again, and had no descriptors left, though one model alone was in use."""
    file, (soft, hard) = str(tmp_path / "some.npy"), resource.getrlimit(resource.RLIMIT_NOFILE)
    np.save(file, np.arange(3))
    several = len(os.listdir("/proc/self/fd")) + 130
    gc.collect()
    resource.setrlimit(resource.RLIMIT_NOFILE, (several, hard))
    gc.disable()
    try:
        for _ in range(4):
            model: list[object] = [map_array(file) for _ in range(50)]
            model.append(model)
            gc.freeze()
            assert len(model) == 51
        held = [map_array(file) for _ in range(5)]
        with pytest.raises(OSError, match="Too many open files"):
            held += [map_array(file) for _ in range(200)]
    finally:
        gc.enable()
        gc.unfreeze()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
