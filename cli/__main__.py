"""``python -m cli``: the same as ``whyrec``."""

from cli.main import run

run()
