"""How much a load may delete: half an export looks like a catalogue of which half was discontinued."""

import re
from dataclasses import dataclass
from typing import Self

from kg.errors import LimitError, UsageError

_FORM = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<percent>%?)")


@dataclass(frozen=True)
class DeleteLimit:
    """The most of one entity type or relation that a load in mode replace may delete.

    :param number: rows, or percent of those that the store has.
    """

    number: float = 5.0
    percent: bool = True

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``5%``, ``1000`` or ``all``.

        :raises UsageError: for anything else.
        """
        if text.strip().casefold() == "all":
            return cls(100.0)
        match = _FORM.fullmatch(text.strip())
        if match is None or (match["percent"] and float(match["number"]) > 100):
            raise UsageError(f"most deletes {text!r}: write a share such as 20%, a number of rows, or all")
        return cls(float(match["number"]), bool(match["percent"]))

    def exceeded(self, name: str, deleted: int, stored: int) -> str | None:
        """What is wrong with deleting so many of those there are; ``None`` where nothing is."""
        allowed = self.number * stored / 100 if self.percent else self.number
        if deleted <= allowed:
            return None
        return f"{deleted:,} of {stored:,} {name} ({deleted / stored:.1%})"

    def check(self, broken: list[str]) -> None:
        """Refuse to go on where some name is over the limit.

        :param broken: what :meth:`exceeded` said.
        :raises LimitError: with all of them, and how to allow it.
        """
        if broken:
            raise LimitError(
                f"mode replace would delete {', '.join(broken)}; at most {self} of each may be deleted; nothing was "
                "written. If the files are whole and that is meant, say so: `max_deletes` all, or a share such as 20%"
            )

    def __str__(self) -> str:
        return f"{self.number:g}{' %' if self.percent else ' rows'}"
