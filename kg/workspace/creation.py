"""A workspace is made: its schema, its files, and, last of all, the configuration that makes a folder one."""

from __future__ import annotations

import re
import shutil
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from kg.document import nearest
from kg.errors import WorkspaceError
from kg.schema import read_schema
from kg.stores.url import check_url
from kg.workspace.permissions import private_files
from kg.workspace.workspace import ADOPTION, CONFIGURATION, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SHIPPED = {"courses-cosmetics": "example/schema.toml"}
TEMPLATE = """\
schema = "schema.toml"
store = "{store}"

[recommend]
n = 10

[rules]
avoid = []                        # "contains:PARFUM" (relation:ID) or "Ingredient:PARFUM" (Type:ID)
# min_price = 5.0                 # and max_price; "30 GBP" with rates = "rates.csv" (currency, rate)
# in_stock = true
# language = ["en"]
# unknown = "keep"                # items of which a rule cannot tell; "drop" where absent

[privacy]
k = 5                             # nothing that leaves rests on fewer people: counts, shares, what would change
# ledger = "../people.jsonl"      # where every workspace of the same people books what noisy numbers cost
"""


def create_workspace(
    folder: Path,
    schema: str = "courses-cosmetics",
    store: str = "graph.lbug",
    *,
    example: bool = False,
    beside: Mapping[str, str] = MappingProxyType({}),
    amended: Callable[[str], str] = str,
) -> Workspace:
    """Make a workspace with a schema, shipped or from a file, and a configuration; for its owner alone.

    The configuration makes a folder a workspace: it is written last and at once, so that what was cut off is none yet.

    :param example: add the bundled data and their mapping.
    :param beside: name → text of other files of the workspace.
    :param amended: makes the configuration of the usual one.
    :raises WorkspaceError: where the folder is a workspace already, or the schema is neither a name nor a file.
    :raises SchemaError: where the schema breaks the rules.
    :raises StoreError: where the URL cannot name a store, or holds a password.
    """
    if (folder / CONFIGURATION).exists():
        raise WorkspaceError(f"{folder}: is a workspace already; remove {CONFIGURATION} to start over")
    check_url(store)
    text, pending = _schema_text(schema), folder / f".{CONFIGURATION}"
    try:
        folder.absolute().parent.mkdir(parents=True, exist_ok=True)
        with private_files():
            folder.mkdir(exist_ok=True)
            (folder / "schema.toml").write_text(text, encoding="utf-8")
            read_schema(folder / "schema.toml")
            for name, content in beside.items():
                (folder / name).write_text(content, encoding="utf-8")
            if example:
                _add_example(folder)
            pending.write_text(amended(TEMPLATE.format(store=store)), encoding="utf-8")
            pending.replace(folder / CONFIGURATION)
    except OSError as problem:
        raise WorkspaceError(f"{folder}: cannot be written: {problem.strerror}") from None
    return Workspace(folder)


def adopting(configuration: str) -> str:
    """A configuration that lets a workspace read its store as its adoption mapping says."""
    line = f'adoption = "{ADOPTION}"         # the graph is read as this file says, and never written to\n'
    return re.sub(r"(?m)^store[^\n]*\n", lambda found: found[0] + line, configuration, count=1)


def _add_example(folder: Path) -> None:
    """Copy the bundled data and mapping into a workspace."""
    with as_file(files("kg") / "example") as example:
        for path in sorted(example.iterdir()):
            shown = path.is_file() and path.suffix not in (".py", ".pyc")
            if shown and path.name not in ("schema.toml", "schema_org.toml"):
                shutil.copyfile(path, folder / path.name)


def _schema_text(schema: str) -> str:
    if schema in SHIPPED:
        return (files("kg") / SHIPPED[schema]).read_text(encoding="utf-8")
    path = Path(schema)
    if not path.is_file():
        raise WorkspaceError(
            f"schema {schema!r}: neither a file nor a shipped schema; {nearest(schema, list(SHIPPED))}"
        )
    return path.read_text(encoding="utf-8-sig")
