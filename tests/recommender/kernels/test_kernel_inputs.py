"""What several kernels need is made once, and what decides it is looked up only where it is not open yet."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from scipy.sparse import csr_array

from recommender.kernels.kernel import Factors, KernelInputs
from tests.graphs import snapshot_of

THREADS = 8


def test_threads_that_ask_together_get_one_and_the_same(tmp_path: Path) -> None:
    inputs, together = KernelInputs(snapshot_of(tmp_path, {"User": ["u"]}, {}), 10, {}), Barrier(THREADS)

    def slowly() -> object:
        together.wait()  # none is done before all have begun
        return object()

    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda _: inputs.once("thing", slowly), range(THREADS)))
    assert len(set(map(id, found))) == 1 and inputs.once("thing", object) is found[0]


def test_what_decides_a_factor_is_looked_up_once(tmp_path: Path) -> None:
    asked = list[str]()

    def store(name: str, steps: Sequence[str], make: Factors, count: int) -> Sequence[csr_array]:
        return make()

    def steps() -> list[str]:
        asked.append("steps")
        return ["teaches"]

    inputs = KernelInputs(snapshot_of(tmp_path, {"User": ["u"]}, {}), 10, {}, store=store)
    first, second = (inputs.stored("half", steps, lambda: [[csr_array((1, 1))]], 1) for _ in range(2))
    assert first is second and asked == ["steps"]
