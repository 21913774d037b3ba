"""Workers that do many alike tasks keep their memory, where that is asked for."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
import numpy as np
from recommender.linalg.forked_workers import ForkedWorkers

def faults(_):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        some = [np.ones(2 << 20, dtype=np.uint8) for _ in range(8)]
        del some
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

for settled in (False, True):
    with ForkedWorkers(faults, 2, settled=settled) as workers:
        print(max(list(workers.map(range(12)))[6:]))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="how glibc gives memory back")
def test_settled_workers_take_no_page_twice() -> None:
    done = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)
    otherwise, settled = map(int, done.stdout.split())
    assert otherwise > 10 * 512 and settled < 8 * 512 + 512  # pages of 4 KiB, 512 a block; once where a worker is late
