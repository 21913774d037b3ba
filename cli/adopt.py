"""``whyrec init --adopt``: what was found in somebody else's graph, and what cannot be used of it."""

from pathlib import Path

from cli.output import Output


def adopt_graph(output: Output, folder: Path, store: str) -> None:
    """Make the workspace and say what was found."""
    from whyrec.workspace.adopt import adopt  # the driver of Neo4j, which other workspaces do without

    report = adopt(folder, store)
    if output.document(report):
        return
    rows = [("entity", name, f"{count:,}") for name, count in report.entities.items()]
    rows += [("relation", name, f"{count:,}") for name, count in report.triples.items()]
    output.table(f"Adopted from {report.store}", ("kind", "name", "count"), rows, right="count")
    if report.unused:
        unused = [(one.what, f"{one.count:,}", one.why, one.example) for one in report.unused]
        output.table("Not used", ("what", "count", "why", "example"), unused, right="count")
    for sentence in report.unsure:
        output.line(f"Please look: {sentence}.")
    output.line(f"Change {report.schema_file} and {report.adoption_file} where that is wrong. Next: {report.next}")
