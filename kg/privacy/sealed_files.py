"""Which files of a workspace are sealed: what whyrec keeps; and which are not: what somebody else put there."""

import glob
from pathlib import Path

from kg.privacy.archive import SERVICE
from kg.privacy.budget.places import NAME as LEDGER
from kg.privacy.budget.places import SPARE
from kg.privacy.seal_key import LOG_KEY
from kg.snapshot.snapshot import PARTNERS
from kg.stores.url import is_neo4j
from kg.workspace.flagged import NAME as FLAGGED
from kg.workspace.generations import FOLDER, PARTS
from kg.workspace.lock import LOCK
from kg.workspace.workspace import CONFIGURATION, EXPERIMENTS, SEALED, Workspace

_OWN = (
    FOLDER,
    *PARTS,
    "training",
    "history",
    "rejects",
    ".rejects-people",
    "staging",
    SERVICE,
    PARTNERS,
    EXPERIMENTS,
)
_OWN_FILES = (
    "forgotten.json",
    "forgotten_in_store.json",
    "pseudonyms.json",
    "outputs.json",
    LEDGER,
    SPARE,
    "serve.token",
    FLAGGED,
    LOG_KEY,
)


def own_names(workspace: Workspace) -> list[str]:
    """Names of what whyrec keeps in the folder and that is there."""
    names = [*_OWN, *_OWN_FILES, *store_names(workspace)]
    return sorted(name for name in dict.fromkeys(names) if (workspace.folder / name).exists() and name != LOCK)


def store_names(workspace: Workspace) -> list[str]:
    """Names of the files of an embedded store that lies in the folder."""
    url = workspace.settings.store
    if is_neo4j(url) or Path(url).name != url:
        return []
    return [path.name for path in workspace.folder.glob(f"{glob.escape(url)}*")]


def left_open(workspace: Workspace) -> list[str]:
    """Names of files and folders of a sealed workspace that are not encrypted: what it was loaded from, and what was
    written there for somebody; they may name everybody. What says only how they are read is none of them."""
    folder = workspace.folder
    known = {CONFIGURATION, SEALED, workspace.settings.schema_file, workspace.columns.name, "mapping.toml"}
    return sorted(one.name for one in folder.iterdir() if one.name not in known)
