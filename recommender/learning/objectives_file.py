"""The solved objectives of a model: by how much scores of groups are raised; a file in the folder of the model."""

import json
from collections.abc import Sequence
from pathlib import Path

from kg.document import parsed_json
from kg.errors import ModelError

FILE = "objectives.json"


def read_objectives(folder: Path) -> tuple[str, ...]:
    """``12.5% made_by:Laneige`` texts; none where nothing was solved.

    :raises ModelError: where the file is damaged.
    """
    try:
        found = parsed_json((folder / FILE).read_bytes())
        return tuple(str(one) for one in found["raised"])
    except FileNotFoundError:
        return ()
    except (ValueError, KeyError, TypeError):
        raise ModelError(f"{folder / FILE}: damaged; run `whyrec objectives` to make it anew") from None


def save_objectives(folder: Path, raised: Sequence[str]) -> None:
    """Write them in one step; none: the file goes."""
    if not raised:
        (folder / FILE).unlink(missing_ok=True)
        return
    folder.mkdir(parents=True, exist_ok=True)
    pending = folder / f".{FILE}"
    pending.write_text(json.dumps({"raised": list(raised)}, ensure_ascii=False, indent=1), encoding="utf-8")
    pending.replace(folder / FILE)
