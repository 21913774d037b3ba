"""Help as plain text: no word of it is markup, and examples stand at its end, one a line."""

import re
from typing import Any

import typer

EXAMPLE = "Example"
BETWEEN = " · "


def plain(app: typer.Typer) -> typer.Typer:
    """The application with help that is plain text."""
    app.rich_markup_mode = None
    return app


def laid_out(command: Any) -> Any:
    """The command, and those below it, as help shows them.

    The paragraph ``Examples: … · …`` of the docstring becomes a list at the end; the list of commands shows the first
    sentence of each, whole; and the usage line says ``USER ITEM [PATH]...``.
    """
    paragraphs = (command.help or "").split("\n\n")
    examples = [one for one in paragraphs if one.startswith(EXAMPLE)]
    command.help = "\n\n".join(one for one in paragraphs if one not in examples)
    command.short_help = re.split(r"[;.](?:\s|$)", " ".join(paragraphs[0].split()))[0]
    if examples:
        calls = [call for one in examples for call in " ".join(one.split()).partition(": ")[2].split(BETWEEN)]
        title = EXAMPLE if len(calls) == 1 else f"{EXAMPLE}s"
        command.epilog = "\n".join(("\b", f"{title}:", *(f"  {call}" for call in calls)))
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    for one in arguments:
        if one.metavar and " " in one.metavar:  # several at once, as they are to be read
            continue
        one.metavar = (one.metavar or one.name.upper()).strip("[].…")
    below = getattr(command, "commands", None)
    usage = " ".join(["[OPTIONS]", *map(_usage, arguments), *([] if below is None else ["COMMAND [ARGS]..."])])
    command.collect_usage_pieces = lambda _: [usage]  # each version of typer has its own brackets
    for one in (below or {}).values():
        laid_out(one)
    return command


def _usage(argument: Any) -> str:
    """An argument in the usage line: in brackets if it may be left out, with dots if there may be several."""
    if " " in argument.metavar:
        return str(argument.metavar)
    name = argument.metavar if argument.required else f"[{argument.metavar}]"
    return f"{name}..." if argument.nargs == -1 else name
