"""Stored factors: matrices that learned kernels are products of, made once for all processes."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from scipy.sparse import csr_array

from kg.snapshot.snapshot import Snapshot
from recommender.kernels.kernel import Factors, relation_parts
from recommender.linalg.csr_file import has_csr, open_csr, save_together

LONGEST = 150
"""Characters of a key that a file's name has room for, besides digests, the end and what marks an unfinished one."""


class StoredFactors:
    """Factors on disk beside the kernels. Reasons need them as well as kernels do, and of a million people they take
    long to make.

    :param take_over: gives files of a name, of the graph before a change, a second name here, if there are any.
    """

    def __init__(self, snapshot: Snapshot, folder: Path, take_over: Callable[[str], bool]) -> None:
        self.snapshot, self.folder, self.take_over = snapshot, folder, take_over

    def __call__(self, name: str, steps: Sequence[str], make: Factors, count: int) -> list[csr_array]:
        """``count`` factors, mapped; made first where they are not there."""
        schema, vocabulary = self.snapshot.schema, self.snapshot.vocabulary
        ends = sorted({end for step in steps for end in schema.ends(step)} - set(schema.user_types))
        sizes = [vocabulary.count(end) for end in ends]
        known = digest([self.snapshot.k, *self.snapshot.content(*relation_parts(steps)), *sizes])
        files = [f"{name}.{number}+{known}" for number in range(count)]
        if not all(has_csr(self.folder, file) or self.take_over(file) for file in files):
            save_together(_sorted(make()), self.folder, files)
        return [open_csr(self.folder, file)[0] for file in files]


def file_name(key: str) -> str:
    """The beginning of a file's name: a key, of one that is too long for a file system the first part and a digest."""
    return key if len(key) <= LONGEST else f"{key[: LONGEST - 17]}+{digest(key)}"


def _sorted(blocks: Iterable[Sequence[csr_array]]) -> Iterator[Sequence[csr_array]]:
    for block in blocks:
        for matrix in block:
            matrix.sort_indices()
        yield block


def digest(key: object) -> str:
    """A short name for what anything that can be written as JSON says."""
    return hashlib.blake2b(json.dumps(key, sort_keys=True).encode(), digest_size=8).hexdigest()
