"""A workspace made for files that are there already: ``init --from``."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from kg.document import read_toml
from kg.errors import UsageError
from kg.formats.first_look import FirstLook, first_look
from kg.formats.toml_text import toml_value
from kg.workspace.permissions import private_files
from kg.workspace.workspace import CONFIGURATION, create_workspace


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
    with tempfile.TemporaryDirectory() as home:
        schema = Path(home) / "schema.toml"
        schema.write_text(found.schema, encoding="utf-8")
        create_workspace(folder, str(schema), store)
    places = sorted({str(path.resolve().parent) for path in paths})
    with private_files():
        (folder / "mapping.toml").write_text(found.mapping, encoding="utf-8")
        settings = folder / CONFIGURATION
        known = read_toml(settings)
        text = settings.read_text(encoding="utf-8")
        line = f"allow_folders = {toml_value(places)}\n"
        if "load" in known:
            text = text.replace("[load]\n", f"[load]\n{line}", 1)
        else:
            text += f"\n[load]                            # where the files of the mapping lie\n{line}"
        settings.write_text(text, encoding="utf-8")
    return found
