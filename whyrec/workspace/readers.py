"""Who else may read a workspace, as its owner is told."""

from pathlib import Path

from kg.counting import by_number
from kg.workspace.permissions import open_to_others


def readers(folder: Path) -> list[str]:
    """Whom the permissions let in; an older workspace, or one in a folder that was there, may be open."""
    found = open_to_others(folder)
    if not found:
        return []
    files = by_number(f"{len(found):,} [file or folder|files and folders]")
    return [
        f"other users of this computer may read {files} of this workspace, which holds "
        f"personal data: `chmod -R go-rwx {folder}` shuts them out"
    ]
