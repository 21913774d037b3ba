"""The program ``whyrec``, also ``python -m cli``: imports nothing before a failing import can be told."""

import gc
import os
import sys

ALLOCATORS = "JE_ARROW_MALLOC_CONF", "_RJEM_MALLOC_CONF"
"""Settings of Arrow's and polars' allocators. Where memory is at an end they cannot begin the threads that they mean to
have, and try for ever, with a line each time, while the load waits for them."""


def run() -> int:
    """Run the program; returns its exit code."""
    for allocator in ALLOCATORS:
        told = os.environ.get(allocator, "")
        if "background_thread" not in told:  # polars leaves other settings there for the processes that it starts
            os.environ[allocator] = f"{told},background_thread:false".lstrip(",")
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
