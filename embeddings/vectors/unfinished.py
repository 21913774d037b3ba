"""Checkpoints of unfinished trainings, as far as one can tell without the libraries that write them."""

import json
from pathlib import Path

from embeddings.vectors.config import CHECKPOINT

LENGTH = 8
"""Bytes of the number with which a safetensors file begins: how long its header is."""


def unfinished_epoch(folder: Path) -> int | None:
    """After which epoch the checkpoint of a folder was written; ``None`` where there is none, or it is damaged."""
    try:
        with (folder / CHECKPOINT).open("rb") as file:
            size = int.from_bytes(file.read(LENGTH), "little")
            told = json.loads(file.read(min(size, (folder / CHECKPOINT).stat().st_size)))
        return len(json.loads(told["__metadata__"]["header"])["losses"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
