"""The end of a program that is short of memory: told as what it is, and without what libraries do at their end.

Libraries that could not allocate what they wanted may crash when they are taken down, long after the message; the exit
code would then be theirs.
"""

import errno
import os
import sys
from contextlib import suppress
from typing import NoReturn

SAID = ("failed to map segment", "cannot allocate memory")
"""How the loader of libraries and the system say it."""


def short_of_memory(problem: BaseException) -> bool:
    """Whether an error comes from too little memory."""
    if isinstance(problem, MemoryError) or getattr(problem, "errno", None) == errno.ENOMEM:
        return True
    return isinstance(problem, ImportError | OSError) and any(one in str(problem).lower() for one in SAID)


def address_space_is_limited() -> bool:
    """Whether the process may not have all addresses, as after ``ulimit -v``."""
    try:
        import resource  # Windows has none
    except ImportError:
        return False
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


def leave(code: int) -> NoReturn:
    """End the process at once, with what was said so far."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)
