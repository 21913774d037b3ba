"""A frozen, memory-mapped picture of a store: vocabulary, properties, one CSR matrix per step, content hash."""

import errno
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy.sparse import csr_array

from kg.checksums import NAME as CHECKSUMS
from kg.checksums import Checksums
from kg.errors import SnapshotError
from kg.instant import NO_TIME
from kg.k_anonymity import K_ANONYMITY
from kg.mapped_array import map_array
from kg.schema import Schema
from kg.snapshot.repeated_days import Days, only_other_day
from kg.snapshot.string_array import StringArray
from kg.snapshot.vocabulary import Vocabulary

FORMAT = 1
PARTNERS: Literal["partners"] = "partners"
"""What the arrays of sums over other companies' people begin with; in a workspace the folder of their files."""


def part_of(kind: Literal["entity", "relation", "partners"], name: str) -> str:
    """The part of a snapshot that a type of entities, a relation, or what partners sent is; a type and a relation may
    have one name."""
    return f"{kind}.{name}"


class Manifest(BaseModel, frozen=True):
    """What a snapshot holds; ``manifest.json`` in its folder."""

    format: int
    hash: str
    """BLAKE2b of the content in hexadecimal: the same for both stores and for any order of loading."""
    revision: str
    """The store's mark when the snapshot was taken."""
    fingerprint: str = ""
    """What the store told of itself then, see :meth:`kg.stores.store.Store.fingerprint`; empty in earlier versions."""
    canonical: dict[str, Any]
    """The part of the schema that decides the content."""
    entities: dict[str, int]
    triples: dict[str, int]
    contents: dict[str, str] = {}
    """Entity type or ``relation`` in the way of :func:`part_of` → BLAKE2b of its own content; empty where not told."""
    repeated: tuple[str, ...] = ()
    """Relations of whose triples it is told when they were first so, and on how many days."""
    repeated_parts: tuple[str, ...] = ("first", "occasions")
    """What is written of those; an earlier version wrote no ``previous``, and did not say what it wrote."""
    partners: tuple[str, ...] = ()
    """Companies whose sums count, see :mod:`kg.snapshot.partner_sums`."""
    partners_people: int = 0
    """How many people those sums are over."""


class Snapshot:
    """One snapshot folder, opened; every array is mapped when it is first asked for.

    :param k: fewest people that anything that leaves may rest on; see :mod:`kg.k_anonymity`.
    """

    def __init__(self, folder: Path, manifest: Manifest, schema: Schema, k: int = K_ANONYMITY) -> None:
        self.folder, self.manifest, self.schema, self.k = folder, manifest, schema, k
        self._steps: dict[str, csr_array] = {}
        self._degrees, self._link_counts = dict[str, NDArray[np.float64]](), dict[str, NDArray[np.int64]]()
        self._columns, self._strings = dict[tuple[str, str], NDArray[np.float64]](), dict[str, StringArray]()
        self._times, self._oldest = dict[str, NDArray[np.int64]](), dict[str, int]()
        self.asked_at: dict[str, NDArray[np.int64]] = {}
        """User type → when each is asked about, milliseconds since 1970 UTC; ``NO_TIME``, or nothing: at ``newest``."""
        self.kept: dict[str, Any] = {}  # what is worked out of it once, by name

    @classmethod
    def open(cls, folder: Path, schema: Schema, k: int = K_ANONYMITY) -> Self:
        """Open a snapshot folder.

        :raises SnapshotError: where it is missing, of another format, damaged, or made for another schema.
        """
        try:
            manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
            if checksums := Checksums.open(folder / CHECKSUMS):
                checksums.check("manifest.json")
        except FileNotFoundError:
            raise SnapshotError(f"{folder}: no snapshot here; run `whyrec load`") from None
        except ValueError:  # a validation error is one
            raise SnapshotError(f"{folder}: manifest.json is damaged; run `whyrec load` to make it anew") from None
        if manifest.format != FORMAT:
            raise SnapshotError(f"{folder}: format {manifest.format}, expected {FORMAT}; run `whyrec load`")
        if manifest.canonical != schema.canonical():
            raise SnapshotError(
                f"{folder}: types, properties or relations of the schema changed since the snapshot was taken; "
                "run `whyrec load` to bring store and snapshot in line with the schema"
            )
        return cls(folder, manifest, schema, k)

    @cached_property
    def _checksums(self) -> Checksums | None:
        """Of every file of the folder; ``None`` in a folder of an earlier version."""
        return Checksums.open(self.folder / CHECKSUMS)

    @property
    def hash(self) -> str:
        """The content hash."""
        return self.manifest.hash

    def content(self, *parts: str) -> list[str]:
        """What changes whenever one of some parts does (:func:`part_of`), and with nothing else where that is told."""
        contents = self.manifest.contents
        return [contents.get(part, self.hash) for part in parts]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Ids and indices."""
        people = [name for name, entity in self.schema.entity.items() if entity.sensitive]
        return Vocabulary({name: self._string(f"{name}.id") for name in self.manifest.entities}, people)

    def adjacency(self, step: str) -> csr_array:
        """Weights of a step, ``relation`` or ``~relation``: shape (heads, tails), float64, sorted indices."""
        if step not in self._steps:
            shape = tuple(map(self.vocabulary.count, self.schema.ends(step)))
            parts = [self._array(f"{self._direction(step)}.{part}") for part in ("weight", "indices", "indptr")]
            try:
                matrix = csr_array(tuple(parts), shape=shape, copy=False)
                if self._checksums is None:
                    matrix.check_format(full_check=True)  # an index out of bounds ends the process
            except ValueError:
                raise self._damaged(step) from None
            matrix.has_sorted_indices = matrix.has_canonical_format = True
            self._steps[step] = matrix
        return self._steps[step]

    def timestamps(self, relation: str) -> NDArray[np.int64]:
        """Milliseconds since 1970 UTC, aligned with ``adjacency(relation).data``; ``NO_TIME`` where absent."""
        if relation not in self._times:
            self._times[relation] = self._array(f"{relation}.forward.timestamp")
        return self._times[relation]

    def occasions(self, relation: str) -> dict[str, NDArray[np.int64]]:
        """Of a relation with ``repeat``: ``first``, when each triple was first so, as :meth:`timestamps` tells the last
        time, ``occasions``, on how many days (UTC), 0 where nobody said when, and ``previous``, when last on an earlier
        day than the last, ``NO_TIME`` where there is none or it is not known; empty where no triple tells."""
        if relation not in self.manifest.repeated:
            return {}
        found: Days = {part: self._array(f"{relation}.forward.{part}") for part in self.manifest.repeated_parts}
        if "previous" not in found and f"previous-{relation}" not in self.kept:
            self.kept[f"previous-{relation}"] = only_other_day(self.timestamps(relation), **found)
        return {**found, **self.kept.get(f"previous-{relation}", {})}

    @cached_property
    def newest(self) -> int:
        """The latest timestamp of all triples, in milliseconds since 1970 UTC; ``NO_TIME`` where none has one."""
        return max((int(self.timestamps(name).max(initial=NO_TIME)) for name in self.schema.relation), default=NO_TIME)

    def oldest(self, relation: str) -> int:
        """The first timestamp of a relation, in milliseconds since 1970 UTC; ``newest`` where none of it has one."""
        if relation not in self._oldest:
            times = self.timestamps(relation)
            dated = times[times != NO_TIME]
            self._oldest[relation] = int(dated.min()) if len(dated) else self.newest
        return self._oldest[relation]

    def neighbours(self, step: str, idx: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Tail indices and weights of one head: two arrays of shape (degree,)."""
        matrix = self.adjacency(step)
        start, end = matrix.indptr[idx], matrix.indptr[idx + 1]
        return matrix.indices[start:end], matrix.data[start:end]

    def degrees(self, step: str) -> NDArray[np.float64]:
        """Sum of the absolute weights of each head of a step: shape (heads,), float64."""
        if step not in self._degrees:
            self._degrees[step] = self._array(f"{self._direction(step)}.degree")
        return self._degrees[step]

    def link_counts(self, step: str) -> NDArray[np.int64]:
        """How many triples each head of a step has: shape (heads,), int64."""
        if step not in self._link_counts:
            self._link_counts[step] = np.diff(self.adjacency(step).indptr).astype(np.int64)
        return self._link_counts[step]

    def used_at_partners(self, entity_type: str) -> NDArray[np.int64]:
        """At least how many people of partners used each entity of a type: shape (count,), int64; 0: fewer than k."""
        found = np.zeros(self.vocabulary.size, dtype=np.int64)
        if self.manifest.partners:
            found[self._array(f"{PARTNERS}.idx")] = self._array(f"{PARTNERS}.used")
        start = self.vocabulary.start(entity_type)
        return found[start : start + self.vocabulary.count(entity_type)]

    def shared_at_partners(self, first: str, second: str) -> csr_array:
        """At least how many people of partners used two things both: shape (count of the first type, of the second),
        int64, sorted.

        :param first: a type of items, or of what they are linked to; ``second``: one of items.
        """
        shape = (self.vocabulary.count(first), self.vocabulary.count(second))
        if not self.manifest.partners:
            return csr_array(shape, dtype=np.int64)
        if (key := f"{PARTNERS}.{first}-{second}") not in self.kept:
            rows, columns, people = (self._array(f"{PARTNERS}.{part}") for part in ("first", "second", "people"))
            rows, columns = rows - self.vocabulary.start(first), columns - self.vocabulary.start(second)
            inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
            self.kept[key] = csr_array((people[inside], (rows[inside], columns[inside])), shape=shape)
        return self.kept[key]

    def number(self, entity_type: str, name: str) -> NDArray[np.float64]:
        """A float, int or bool property of all entities of a type: shape (count,), float64, NaN where absent."""
        key = (entity_type, name)
        if key not in self._columns:
            values, present = self.values(entity_type, name)
            self._columns[key] = np.where(present, values.astype(np.float64), np.nan)
        return self._columns[key]

    def values(self, entity_type: str, name: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """A float, int or bool property as it was loaded, and where it is present: two arrays of shape (count,)."""
        key = f"{entity_type}.property.{name}"
        return self._array(key), self._array(f"{key}.valid")

    def text(self, entity_type: str, name: str) -> StringArray:
        """A str property of all entities of a type."""
        return self._string(f"{entity_type}.property.{name}")

    def labels(self, entity_type: str) -> StringArray:
        """The labels of all entities of a type; missing where the id is what a person reads."""
        return self._string(f"{entity_type}.label")

    def check(self) -> None:
        """Open every array and compare its length with the manifest.

        :raises SnapshotError: for the first that is missing, damaged or of another length.
        """
        for name, count in self.manifest.entities.items():
            numbers = [p for p, kind in self.schema.entity[name].properties.items() if kind != "str"]
            texts = [p for p, kind in self.schema.entity[name].properties.items() if kind == "str"]
            arrays = [self._string(f"{name}.id"), self.labels(name), *(self.text(name, p) for p in texts)]
            lengths = [len(array) for array in arrays] + [len(a) for p in numbers for a in self.values(name, p)]
            if set(lengths) != {count}:
                raise self._damaged(name)
        for name, count in self.manifest.triples.items():
            parts = [self.timestamps(name), *self.occasions(name).values()]
            for step in (name, f"~{name}"):
                self.degrees(step)
                parts += [self.adjacency(step).data, self.adjacency(step).indices]
            if {len(part) for part in parts} != {count}:
                raise self._damaged(name)

    def label(self, entity_type: str, idx: int, lang: str = "en") -> str:
        """What a person reads: ``label_<lang>``, else the label, else the id."""
        translated = f"label_{lang}"
        if self.schema.entity[entity_type].properties.get(translated) == "str":
            found = self.text(entity_type, translated)[idx]
            if found:
                return found
        return self.labels(entity_type)[idx] or self.vocabulary.id(entity_type, idx)

    @staticmethod
    def _direction(step: str) -> str:
        return f"{step[1:]}.inverse" if step.startswith("~") else f"{step}.forward"

    def _string(self, name: str) -> StringArray:
        if name not in self._strings:
            try:
                if self._checksums:
                    self._checksums.check(*(f"{name}.{part}.npy" for part in ("blob", "offsets", "valid")))
                self._strings[name] = StringArray.load(self.folder, name)
            except (OSError, ValueError, EOFError) as problem:
                raise self._damaged(name, problem) from problem
        return self._strings[name]

    def _array(self, name: str) -> NDArray[Any]:
        try:
            if self._checksums:
                self._checksums.check(f"{name}.npy")
            mapped = map_array(str(self.folder / f"{name}.npy"))
        except (OSError, ValueError, EOFError) as problem:
            raise self._damaged(name, problem) from problem
        return np.asarray(mapped)  # still mapped, but slices of it cost a fifth

    def _damaged(self, name: str, problem: Exception | None = None) -> SnapshotError:
        if isinstance(problem, OSError) and problem.errno in (errno.EMFILE, errno.ENFILE):
            return SnapshotError(f"{self.folder}: too many files are open; allow more: `ulimit -n 4096`")
        if not self.folder.exists():
            return SnapshotError(f"{self.folder}: was replaced meanwhile; run this again")
        return SnapshotError(f"{self.folder}: {name} is missing or damaged; run `whyrec load` to make it anew")


def current_snapshot(parent: Path, schema: Schema, k: int = K_ANONYMITY) -> Snapshot:
    """Open the snapshot that was made current last.

    :raises SnapshotError: where there is none, or it cannot be read.
    """
    try:
        name = (parent / "current").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise SnapshotError(f"{parent}: nothing is loaded yet; run `whyrec load`") from None
    except (OSError, ValueError):
        raise SnapshotError(f"{parent / 'current'}: cannot be read; run `whyrec load` to make it anew") from None
    return Snapshot.open(parent / Path(name).name, schema, k)
