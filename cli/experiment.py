"""``whyrec experiment``: which embedding, which path, which blend is better, by how much, is it significant?"""

import typer

from cli.experiment_compare import compare_command
from cli.experiment_list import list_command
from cli.experiment_run import run_command

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.command("run")(run_command)
app.command("list")(list_command)
app.command("compare")(compare_command)


@app.callback()
def experiment() -> None:
    """Run experiments that a TOML file describes, rank the models, and compare two of them.

    Examples: whyrec experiment run experiment.toml · whyrec experiment list · whyrec experiment compare A B
    """
