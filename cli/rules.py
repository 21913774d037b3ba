"""Options that are rules, one for each field of ``Rules``."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer
from pydantic.fields import FieldInfo

from recommender.rules.rule_set import Rules


def with_rules(command: Callable[..., None]) -> Callable[..., None]:
    """A command with an option for each rule in the place of its parameter ``rules``, which gets their values."""
    signature = inspect.signature(command)
    own = [one for one in signature.parameters.values() if one.name != "rules"]
    options = [_option(name, field) for name, field in Rules.model_fields.items()]

    @wraps(command)
    def asked(**values: Any) -> None:
        """The command without the rules' options, which it gets as one mapping."""
        given = {name: values.pop(name) for name in Rules.model_fields}
        rules = {name: value for name, value in given.items() if value not in (None, False)}
        command(**values, rules=rules)

    parameters = [*own, *options]
    asked.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # typer reads it
    asked.__annotations__ = {one.name: one.annotation for one in parameters}
    return asked


def _option(name: str, field: FieldInfo) -> inspect.Parameter:
    """The option of one field; a field of several values may be given several times."""
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    kind = _kind(field)
    metavar = str(extra["metavar"]) if "metavar" in extra else None
    option = typer.Option(f"--{name.replace('_', '-')}", metavar=metavar, help=field.description)
    default = False if kind is bool else None
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option])


def _kind(field: FieldInfo) -> Any:
    """The type that typer reads an option as."""
    if isinstance(field.default, tuple):
        return list[str] | None
    if isinstance(field.default, bool):
        return bool
    kinds = getattr(field.annotation, "__args__", ())
    return float | None if float in kinds and str not in kinds else str | None
