"""The program ``whyrec``, also ``python -m cli``: imports nothing before a failing import can be told."""

import gc
import os
import sys

ALLOCATORS = "JE_ARROW_MALLOC_CONF", "_RJEM_MALLOC_CONF"
"""Settings of Arrow's and polars' allocators. Each begins one thread at once, and others as more are at work: where
memory is at an end that fails, and is tried for ever, with a line each time, while the load waits for it."""


def run() -> int:
    """Run the program; returns its exit code."""
    for allocator in ALLOCATORS:
        told = os.environ.get(allocator, "")
        if "background_threads" not in told:  # polars leaves other settings there for the processes that it starts
            os.environ[allocator] = f"{told},max_background_threads:1".lstrip(",")
    gc.disable()  # what is imported stays, and need not be looked through again and again: Commands.resolve_command
    try:
        try:
            from cli.main import run
        except KeyboardInterrupt:
            return 130
        except ImportError as problem:
            sys.stderr.write(f"Error: {problem}. whyrec is not installed whole: pip install --force-reinstall whyrec\n")
            return 1
        return run()
    finally:
        gc.enable()  # where no command was found


if __name__ == "__main__":
    sys.exit(run())
