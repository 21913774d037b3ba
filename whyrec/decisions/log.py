"""The log of decisions: rules published, items reported, reports reviewed; nothing in it is ever changed, but where it
names somebody who is forgotten.

What holds now is what the lines say together: the rules of the last line that publishes some, and of each item the last
review. A line is one write to a file that every process reads again when it has grown. No person of the shop's is named
in it: a report gives its reason from a list.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

from kg.document import parsed_json
from kg.errors import UsageError

NAME = "decisions.jsonl"
Kind = Literal["rules", "report", "review", "stop"]
Reason = Literal["wrong", "harmful", "unclear", "other"]
Verdict = Literal["block", "approve"]


@dataclass(frozen=True)
class Decision:
    """One line; ``number`` counts from 1, ``at`` is milliseconds since 1970 UTC, ``by`` the name of a token."""

    number: int
    at: int
    by: str
    kind: Kind
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Report:
    """An item that somebody of the staff reported, and what became of it."""

    number: int
    at: int
    by: str
    item: str
    """``Type:id``."""
    reason: Reason
    verdict: Verdict | None = None
    reviewed_by: str | None = None


class DecisionLog:
    """The decisions of one workspace.

    :param workspace: its folder.
    """

    def __init__(self, workspace: Path) -> None:
        self.path = workspace / "service" / NAME
        self._name = str(self.path)  # asked for at each answer: a Path would be put together each time

    def all(self) -> tuple[Decision, ...]:
        """All decisions, the first first."""
        version = self.version
        return _read(self.path, *version) if version else ()

    @property
    def version(self) -> tuple[int, int] | None:
        """What is another one whenever something was decided: size and time of the file; ``None`` where there is
        none."""
        try:
            state = os.stat(self._name)
        except FileNotFoundError:
            return None
        return state.st_size, state.st_mtime_ns

    @property
    def rules(self) -> Mapping[str, Any]:
        """The rules that hold on top of the configuration; empty before the first."""
        found = [one.content for one in self.all() if one.kind == "rules"]
        return found[-1] if found else {}

    @property
    def reports(self) -> list[Report]:
        """What was reported, the newest first, each with its last review."""
        reviews = {one.content["report"]: one for one in self.all() if one.kind == "review"}
        return [
            Report(
                one.number,
                one.at,
                one.by,
                one.content["item"],
                one.content["reason"],
                reviews[one.number].content["verdict"] if one.number in reviews else None,
                reviews[one.number].by if one.number in reviews else None,
            )
            for one in reversed(self.all())
            if one.kind == "report"
        ]

    @property
    def blocked(self) -> tuple[str, ...]:
        """Items (``Type:id``) whose last review blocks them."""
        items = {one.number: one.content["item"] for one in self.all() if one.kind == "report"}
        last = {items[one.content["report"]]: one.content["verdict"] for one in self.all() if one.kind == "review"}
        return tuple(item for item, verdict in last.items() if verdict == "block")

    @property
    def stopped(self) -> frozenset[str]:
        """Experiments whose candidate nobody gets any more."""
        return frozenset(one.content["experiment"] for one in self.all() if one.kind == "stop")

    def stop(self, experiment: str, by: str) -> Decision:
        """Let nobody have the candidate of an experiment from now on."""
        return self._append("stop", {"experiment": experiment}, by)

    def publish(self, rules: Mapping[str, Any], by: str) -> Decision:
        """Let rules hold from now on; the caller has checked them."""
        return self._append("rules", dict(rules), by)

    def published(self, number: int) -> Mapping[str, Any]:
        """The rules of an earlier decision; 0 stands for none.

        :raises UsageError: where that decision published none.
        """
        earlier: dict[int, Mapping[str, Any]] = {one.number: one.content for one in self.all() if one.kind == "rules"}
        earlier |= {0: {}}
        if number not in earlier:
            raise UsageError(f"`number` {number}: no rules were published with it; there are {sorted(earlier)}")
        return earlier[number]

    def report(self, item: str, reason: str, by: str) -> Decision:
        """Report an item, ``Type:id``, that should not be recommended, or not for the reason that is given.

        :raises UsageError: for another reason than those of the list.
        """
        if reason not in get_args(Reason):
            raise UsageError(f"`reason` {reason!r}: expected one of {', '.join(get_args(Reason))}")
        return self._append("report", {"item": item, "reason": reason}, by)

    def review(self, number: int, verdict: str, by: str) -> Decision:
        """Decide on a report: ``block`` keeps the item off all lists, ``approve`` lets it back. Four eyes: whoever
        reported it does not decide.

        :raises UsageError: for an unknown report or verdict, or one's own report.
        """
        found = next((one for one in self.reports if one.number == number), None)
        if found is None:
            raise UsageError(f"`report` {number}: there is none of this number")
        if verdict not in get_args(Verdict):
            raise UsageError(f"`verdict` {verdict!r}: expected {' or '.join(get_args(Verdict))}")
        if found.by == by:
            raise UsageError("`report`: somebody else has to decide on what you reported")
        return self._append("review", {"report": number, "verdict": verdict}, by)

    def change(self, text: Callable[[str], str]) -> int:
        """Change texts in what was decided, since somebody is forgotten; says in how many lines. One that was cut off
        goes where the change concerns it."""
        if not self.path.is_file():
            return 0
        with self._locked():
            before = self.path.read_bytes().splitlines(keepends=True)
            after = [_changed_line(line, text) for line in before]
            if after != before:
                pending = self.path.with_suffix(".pending")
                with os.fdopen(os.open(pending, os.O_WRONLY | os.O_TRUNC | os.O_CREAT, 0o600), "wb") as file:
                    file.write(b"".join(after))
                    file.flush()
                    os.fsync(file.fileno())
                pending.replace(self.path)
        return sum(one != other for one, other in zip(before, after, strict=True))

    def _append(self, kind: Kind, content: dict[str, Any], by: str) -> Decision:
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        with self._locked():
            made = Decision(len(self.all()) + 1, int(time.time() * 1000), by, kind, content)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "ab") as file:  # a line that was cut off ends here
                file.write(b"\n" * self._is_torn() + json.dumps(asdict(made), ensure_ascii=False).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        return made

    @contextmanager
    def _locked(self) -> Iterator[None]:
        from kg.file_lock import FileLock  # whoever only reads needs none

        lock = None
        while lock is None:  # a line takes a millisecond
            lock = FileLock.try_acquire(self.path.with_suffix(".lock"))
        try:
            yield
        finally:
            lock.release()

    def _is_torn(self) -> bool:
        return self.path.read_bytes()[-1:] not in (b"", b"\n")


def _changed_line(line: bytes, text: Callable[[str], str]) -> bytes:
    try:
        told = parsed_json(line)
        content = _changed(told["content"], text)
    except (ValueError, TypeError, KeyError):
        whole = line.decode(errors="replace")
        return line if text(whole) == whole else b""
    if content == told["content"]:
        return line
    return json.dumps({**told, "content": content}, ensure_ascii=False).encode() + b"\n"


def _changed(told: Any, text: Callable[[str], str]) -> Any:
    """Content with every text in it changed."""
    if isinstance(told, dict):
        return {name: _changed(one, text) for name, one in told.items()}
    if isinstance(told, list):
        return [_changed(one, text) for one in told]
    return text(told) if isinstance(told, str) else told


@lru_cache(maxsize=16)
def _read(path: Path, size: int, changed: int) -> tuple[Decision, ...]:
    """The decisions of a file of that size and time; a line that was cut off does not count."""
    found = []
    for line in path.read_bytes()[:size].splitlines():
        with suppress(ValueError, TypeError):
            found.append(Decision(**parsed_json(line)))
    return tuple(found)
