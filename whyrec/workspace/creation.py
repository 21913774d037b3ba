"""A workspace made for files that are there already: ``init --from``."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from kg.errors import UsageError
from kg.formats.first_look import FirstLook, first_look
from kg.formats.toml_text import toml_value
from kg.workspace.creation import create_workspace


def create_from_files(folder: Path, paths: Sequence[Path], store: str = "graph.lbug") -> FirstLook:
    """Make a workspace with a schema and a mapping for some files, which stay where they are.

    Their folders are written into its settings as places that its mapping may read.

    :raises UsageError: where a file is not there.
    :raises MappingError: for a file of which nothing can be made.
    :raises WorkspaceError: where the folder is a workspace already.
    """
    for path in paths:
        if not path.is_file():
            raise UsageError(f"{path}: no such file")
    found = first_look(list(paths), "from-files")
    line = f"allow_folders = {toml_value(sorted({str(path.resolve().parent) for path in paths}))}\n"
    section = f"\n[load]                            # where the files of the mapping lie\n{line}"
    with tempfile.TemporaryDirectory() as home:
        schema = Path(home) / "schema.toml"
        schema.write_text(found.schema, encoding="utf-8")
        mapping = {"mapping.toml": found.mapping}
        create_workspace(folder, str(schema), store, beside=mapping, amended=lambda text: text + section)
    return found
