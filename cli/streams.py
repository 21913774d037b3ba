"""Standard output and error: opened so that whatever comes can be written, flushed so that a failure is told."""

import io
import os
import select
import sys
from contextlib import suppress

from cli.encoding import HANDLER


def open_streams() -> None:
    """Make stdout and stderr write whatever comes; a closed one, which Python leaves ``None``, swallows it."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (it stays open to the end)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=HANDLER)


def discard_output() -> None:
    """Let what stdout still holds go nowhere: Python would try once more at its end, and complain in its own way."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def reader_is_gone() -> bool:
    """Whether stdout is a pipe that nobody reads any more."""
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        return bool(poll.poll(0))
    except (AttributeError, OSError, ValueError):  # Windows cannot poll, and a test's stdout is no file
        return True
