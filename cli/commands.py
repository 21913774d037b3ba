"""The commands of the program, each imported when it is called, so that none pays for another."""

from collections.abc import MutableMapping
from importlib import import_module
from typing import Any

import typer

from cli.help import laid_out, plain

COMMANDS = (
    *("init", "load", "train", "recommend", "why", "why-not", "what-if", "similar", "find", "ask"),
    *("audience", "bridge", "gaps", "item", "overview", "compare", "difference"),
    *("audit", "card", "objectives", "certify", "anomalies"),
    *("serve", "mcp", "publish"),
    *("links", "predict", "evaluate", "experiment", "status", "refresh", "popularity", "graph"),
    *("federate", "export-person", "forget", "rotate-key", "seal", "unseal"),
)


class LazyCommands(MutableMapping[str, Any]):
    """Name → command, imported from the module ``cli.<name>``, ``-`` as ``_``, at the first look."""

    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        if name not in self._loaded:
            command = typer.main.get_command(plain(import_module(f"cli.{name.replace('-', '_')}").app))
            command.name = name
            self._loaded[name] = laid_out(command)
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Any:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)
