"""``whyrec graph``: look at the graph, and hand it to other programs."""

import typer

from cli.graph_export import export_command
from cli.graph_import import import_command
from cli.graph_show import show
from cli.graph_stats import stats

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.command("stats")(stats)
app.command("show")(show)
app.command("export")(export_command)
app.command("import")(import_command)


@app.callback()
def graph() -> None:
    """Look at the graph: counts and health, one entity and what it is linked to, the whole as a file.

    Examples: whyrec graph stats · whyrec graph show p0042 · whyrec graph export shop.graphml
    """
