"""Sums over the people of a partner company: how many of them used two things both; no person, no row, nothing below k.

What ``whyrec federate`` sends and takes: one file of arrays, so that a partner's file is data alone, never a program.
"""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from kg.document import parsed_json
from kg.errors import ReadError
from kg.schema import Schema
from kg.snapshot.snapshot import PARTNERS

if TYPE_CHECKING:
    import polars as pl  # whoever only reads sums needs none: a worker of the service, say

FORMAT = 1
LONGEST_MAKER = 64
MOST_BYTES = 4 << 30
"""Largest file of a partner that is unpacked."""
NAME = re.compile(r"[^\W_](?:[\w .&-]{0,62}[\w.])?")
"""What a company may be called: it becomes the name of a file."""
_ARRAYS = {"blob": np.uint8, "offsets": np.int64, "used": np.int64}
_PAIRS = {"first": np.int32, "second": np.int32, "people": np.int64}


@dataclass(frozen=True)
class PartnerSums:
    """How many people of a company used one thing, and two.

    ``ids``: ``Type:id`` of items and of what they are linked to; ``used``: how many people used each, shape (ids,);
    ``first``, ``second``, ``people``: indices of two ids, and how many people used both, shape (pairs,). Every number
    is at least ``k``, rounded down to a step (:func:`kg.k_anonymity.told_count`). A pair stands once; of an attribute,
    which is always the first, those are counted who used something else that has it.
    """

    name: str
    k: int
    everybody: int
    """How many people the sums are over, rounded down alike; 0 where they are fewer than k."""
    at: str
    """When they were made: ISO 8601, UTC."""
    ids: tuple[str, ...]
    used: NDArray[np.int64]
    first: NDArray[np.int32]
    second: NDArray[np.int32]
    people: NDArray[np.int64]
    maker: str = ""
    """The same in all files of one company, whatever it calls itself; empty in those of an earlier version."""

    def same_numbers(self, other: "PartnerSums") -> bool:
        """Whether two files tell the same of the same things."""
        arrays = ("used", "first", "second", "people")
        return self.ids == other.ids and all(np.array_equal(getattr(self, one), getattr(other, one)) for one in arrays)

    def to_bytes(self) -> bytes:
        """The file."""
        encoded = [one.encode() for one in self.ids]
        header = {"format": FORMAT, "name": self.name, "k": self.k, "everybody": self.everybody, "at": self.at}
        header |= {"maker": self.maker} if self.maker else {}
        arrays: dict[str, NDArray[Any]] = {
            "header": np.frombuffer(json.dumps(header).encode(), dtype=np.uint8),
            "blob": np.frombuffer(b"".join(encoded), dtype=np.uint8),
            "offsets": np.cumsum([0, *map(len, encoded)], dtype=np.int64),
            "used": self.used,
            **{name: getattr(self, name) for name in _PAIRS},
        }
        out = io.BytesIO()
        np.savez_compressed(out, allow_pickle=False, **arrays)
        return out.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes, source: str) -> Self:
        """Read a file, of which nothing is believed.

        :param source: how a message names it.
        :raises ReadError: where it is no such file, or says what such a file cannot.
        """
        try:
            return cls._checked(_arrays(content))
        except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile) as problem:
            told = str(problem) or type(problem).__name__
            raise ReadError(
                f"{source}: no sums that `whyrec federate offer` made: {told}; ask the partner for the file anew"
            ) from None

    @classmethod
    def _checked(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        header = parsed_json(arrays["header"].tobytes())
        if header["format"] != FORMAT:
            raise ValueError(f"format {header['format']!r}, expected {FORMAT}")
        name, k, everybody, at = header["name"], header["k"], header["everybody"], header["at"]
        if not (isinstance(name, str) and NAME.fullmatch(name) and isinstance(at, str)):
            raise ValueError(f"the company's name {name!r}")
        if not (isinstance(k, int) and isinstance(everybody, int) and k >= 1 and everybody >= 0):
            raise ValueError(f"k {k!r} of {everybody!r} people")
        maker = header.get("maker", "")
        if not (isinstance(maker, str) and len(maker) <= LONGEST_MAKER):
            raise ValueError(f"who made it: {str(maker)[:LONGEST_MAKER]!r}")
        blob, offsets = arrays["blob"].tobytes(), arrays["offsets"]
        if len(offsets) < 1 or offsets[0] != 0 or offsets[-1] != len(blob) or (np.diff(offsets) < 3).any():
            raise ValueError("its ids do not fit their lengths")
        ends = offsets.tolist()
        ids = tuple(blob[a:b].decode() for a, b in pairwise(ends))
        size = {len(arrays[one]) for one in _PAIRS}
        if len(set(ids)) != len(ids) or len(arrays["used"]) != len(ids) or len(size) != 1:
            raise ValueError("its arrays do not fit each other")
        if any(
            len(arrays[one]) and not 0 <= arrays[one].min() <= arrays[one].max() < len(ids)
            for one in _PAIRS
            if one != "people"
        ):
            raise ValueError("a pair names no id")
        ends_of = np.sort(np.stack([arrays["first"], arrays["second"]]).astype(np.int64), axis=0)
        if len(np.unique(ends_of, axis=1).T) != len(arrays["people"]):
            raise ValueError("a pair stands twice")
        if min(arrays["used"].min(initial=k), arrays["people"].min(initial=k)) < k:
            raise ValueError(f"a number is of fewer than the {k} people that it says each is of")
        pairs = arrays["first"], arrays["second"], arrays["people"]
        return cls(name, k, everybody, at, ids, arrays["used"], *pairs, maker)


def partner_file(folder: Path, name: str) -> Path:
    """Where a workspace keeps the sums of a partner."""
    return folder / PARTNERS / f"{name}.npz"


def read_partners(folder: Path) -> list[PartnerSums]:
    """The sums of all partners of a workspace, by name.

    :raises ReadError: where one is damaged.
    """
    return [_read(path) for path in sorted((folder / PARTNERS).glob("*.npz"))]


def _read(path: Path) -> PartnerSums:
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise ReadError(f"{path}: cannot be read: {problem.strerror}") from None
    return PartnerSums.from_bytes(content, str(path))


@dataclass(frozen=True)
class PlacedSums:
    """The sums of partners over the entities of a snapshot, by their global indices: what it has no entity for is left
    out, and so is what fewer people are behind than it tells of; what several partners say of a pair is added up. A
    pair of items stands both ways, sorted."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    people: NDArray[np.int64]
    idx: NDArray[np.int64]
    used: NDArray[np.int64]

    @classmethod
    def of(cls, partners: Iterable[PartnerSums], ids: "Mapping[str, pl.Series]", schema: Schema, k: int) -> Self:
        """Place the sums.

        :param ids: type → its ids, sorted.
        :param k: fewest people of a partner that a number may be of.
        """
        start, places = 0, dict[str, dict[str, int]]()
        for name, series in sorted(ids.items()):
            if not schema.entity[name].sensitive:  # nobody else may say anything of a person
                places[name] = {one: start + idx for idx, one in enumerate(series.to_list())}
            start += len(series)
        attributes = frozenset(name for name in schema.entity if name not in schema.item_types)
        parts = [_placed(one, places, attributes, k) for one in partners]
        pairs = _added(np.concatenate([np.empty((3, 0), dtype=np.int64), *(pair for pair, _ in parts)], axis=1))
        used = _added(np.concatenate([np.empty((3, 0), dtype=np.int64), *(one for _, one in parts)], axis=1))
        return cls(pairs[0], pairs[1], pairs[2], used[0], used[2])


Forgotten = Callable[[str, "pl.Series"], "pl.Series"]


@dataclass(frozen=True)
class Beside:
    """What decides a snapshot beside its store.

    ``forgotten``: which ids of a type are of people who were forgotten: they are left out, with all their triples;
    ``flagged``: type → ids of accounts whose interactions are left out; ``partners``: sums over the people of others.
    """

    forgotten: Forgotten | None = None
    flagged: Mapping[str, Sequence[str]] = field(default_factory=dict)
    partners: Sequence[PartnerSums] = ()


def _placed(
    sums: PartnerSums, places: dict[str, dict[str, int]], attributes: frozenset[str], k: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows first, second, people; and rows index, 0, people."""
    split = [one.partition(":") for one in sums.ids]
    at = np.array([places.get(name, {}).get(key, -1) for name, _, key in split], dtype=np.int64)
    one_way = np.array([name in attributes for name, _, _ in split], dtype=bool)
    first, second = at[sums.first], at[sums.second]
    keep = (first >= 0) & (second >= 0) & (first != second) & (sums.people >= k)
    pairs = np.stack([first, second, sums.people])[:, keep]
    back = pairs[[1, 0, 2]][:, ~one_way[sums.first][keep]]
    known = (at >= 0) & (sums.used >= k)
    return np.concatenate([pairs, back], axis=1), np.stack([at, np.zeros_like(at), sums.used])[:, known]


def _added(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The third row summed over what is the same in the first two, sorted."""
    keys, which = np.unique(rows[:2], axis=1, return_inverse=True)
    total = np.zeros(keys.shape[1], dtype=np.int64)
    np.add.at(total, np.ravel(which), rows[2])
    return np.concatenate([keys, total[None]])


def _arrays(content: bytes) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        if sum(one.file_size for one in packed.infolist()) > MOST_BYTES:
            raise ValueError(f"it unpacks to more than {MOST_BYTES >> 30} GiB")
    with np.load(io.BytesIO(content), allow_pickle=False) as opened:
        found = {name: opened[name] for name in ("header", *_ARRAYS, *_PAIRS)}
    for name, kind in {"header": np.uint8, **_ARRAYS, **_PAIRS}.items():
        if found[name].ndim != 1 or found[name].dtype != kind:
            raise ValueError(f"{name} is of another kind")
    return found
