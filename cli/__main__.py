"""The program ``whyrec``, also ``python -m cli``: imports nothing before a failing import can be told."""

import gc
import sys


def run() -> int:
    """Run the program; returns its exit code."""
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
