"""Adopt: a workspace over a graph that other tools loaded, which is read and never written to."""

import shlex
from pathlib import Path
from tempfile import TemporaryDirectory

from kg.adoption.files import adoption_text, schema_text
from kg.errors import UsageError, WorkspaceError
from kg.stores.url import check_url, is_neo4j
from kg.workspace.creation import adopting, create_workspace
from kg.workspace.permissions import private_files
from kg.workspace.workspace import ADOPTION, CONFIGURATION
from whyrec.reports import AdoptReport, UnusedPart


@private_files()
def adopt(folder: Path, url: str) -> AdoptReport:
    """Look at the graph, write what was found into a new workspace, and say what cannot be used.

    :raises UsageError: for a store that is no Neo4j server.
    :raises WorkspaceError: where the folder is a workspace already.
    :raises StoreError: where the server cannot be reached, or there is nothing to adopt.
    """
    if (folder / CONFIGURATION).exists():
        raise WorkspaceError(f"{folder}: is a workspace already; remove {CONFIGURATION} to start over")
    check_url(url)
    if not is_neo4j(url):
        raise UsageError("`adopt` reads a graph from a Neo4j server; name it with `store`, as neo4j://host:7687")
    from kg.adoption.inspection import propose  # the driver is an extra
    from kg.stores.neo4j.connection import Connection

    connection = Connection(url, read_only=True)
    try:
        proposal = propose(connection)
    finally:
        connection.close()
    with TemporaryDirectory() as scratch:
        schema = Path(scratch) / "schema.toml"
        schema.write_text(schema_text(proposal), encoding="utf-8")
        create_workspace(folder, str(schema), url, beside={ADOPTION: adoption_text(proposal)}, amended=adopting)
    return AdoptReport(
        workspace=str(folder),
        store=url,
        schema_file=str(folder / "schema.toml"),
        adoption_file=str(folder / ADOPTION),
        entities={name: proposal.counts[name] for name in proposal.schema["entity"]},
        triples={name: proposal.counts[name] for name in proposal.schema["relation"]},
        unused=[UnusedPart(**vars(one)) for one in proposal.unused],
        unsure=proposal.unsure,
        next=f"whyrec -w {shlex.quote(str(folder))} train",
    )
