"""TOML documents checked by pydantic models: one error with the place, what came, what is allowed."""

import difflib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import AliasChoices, BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo

from kg.errors import KGError, WhyrecError


class Document(BaseModel):
    """Base of everything a user writes in TOML: unknown keys are errors, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, value: object, info: ValidationInfo) -> object:
        """``k = true`` names no number, though Python would take it for 1."""
        if isinstance(value, bool) and info.field_name is not None:
            kinds = {(told := cls.model_fields[info.field_name].annotation), *get_args(told)}
            if kinds & {int, float} and bool not in kinds:
                raise ValueError(f"expected a number, not {str(value).lower()}")
        return value


DEEPEST = 32
"""Levels of tables and arrays in a TOML file; what a user writes has five."""
LARGEST = 16 << 20
"""Bytes of a TOML file."""
TOO_LARGE = "holds a whole number that is too large; whole numbers have at most 64 bits"
LONGEST_SHOWN = 200
"""Characters of a wrong value that a message quotes."""
D = TypeVar("D", bound=BaseModel)


def read_toml(path: Path, error: type[WhyrecError] = KGError) -> dict[str, Any]:
    """Read a TOML file.

    :raises WhyrecError: as ``error``, naming the file and the line, where it is missing, too large, or is no TOML.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise error(f"{path}: larger than {LARGEST >> 20} MiB; this is no file of settings")
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise error(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise error(f"{path}: cannot be read as UTF-8 text: {problem}") from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise error(f"{path}: not valid TOML: {problem}") from None
    except RecursionError:
        data = None
    except ValueError:  # Python reads no whole number of more than 4,300 digits
        raise error(f"{path}: {TOO_LARGE}") from None
    if data is None or _is_deeper(data, DEEPEST, path, error):
        raise error(f"{path}: nested too deeply; tables and arrays may lie {DEEPEST} deep")
    return data


def _is_deeper(data: object, most: int, path: Path, error: type[WhyrecError]) -> bool:
    """Whether tables and arrays lie deeper than so many levels, without recursion.

    :raises WhyrecError: as ``error``, for a whole number that does not fit into 64 bits.
    """
    level: list[object] = [data]
    for _ in range(most + 1):
        inside: list[object] = []
        for part in level:
            if isinstance(part, dict):
                inside += part.values()
            elif isinstance(part, list):
                inside += part
        if any(isinstance(part, int) and not -(2**63) <= part < 2**63 for part in inside):
            raise error(f"{path}: {TOO_LARGE}")
        level = [part for part in inside if isinstance(part, dict | list)]
        if not level:
            return False
    return True


def parse(model: type[D], data: Mapping[str, Any], origin: str, error: type[WhyrecError]) -> D:
    """Check ``data`` against ``model``.

    :param origin: what to name in the message, usually the file.
    :raises WhyrecError: as ``error``, with one line per problem: place, what came, what is allowed.
    """
    try:
        return model(**data)
    except ValidationError as problem:
        lines = [f"{origin}: {_sentence(model, dict(item))}" for item in problem.errors()]
        raise error("\n".join(lines)) from None


def nearest(word: str, known: list[str]) -> str:
    """A hint such as ``nearest: 'tail'``, or the known words where nothing is near."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"nearest: {close[0]!r}" if close else f"known: {', '.join(known)}"


def reason_of(item: Mapping[str, Any]) -> str:
    """What is wrong with a value, of one of pydantic's errors, without pydantic's own words before it."""
    return str(item["msg"]).removeprefix("Value error, ")


def _sentence(model: type[BaseModel], item: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in item["loc"]) or "(top)"
    if item["type"] == "extra_forbidden":
        return f"{place}: unknown key; {nearest(str(item['loc'][-1]), _known_keys(model, item['loc'][:-1]))}"
    if item["type"] == "missing":
        return f"{place}: this key is required"
    message = reason_of(item)
    if item["type"] == "value_error":
        return f"{place}: {message}"
    came = repr(item["input"])
    return f"{place}: {message} (got {came if len(came) <= LONGEST_SHOWN else came[:LONGEST_SHOWN] + '…'})"


def _known_keys(model: type[BaseModel], path: tuple[Any, ...]) -> list[str]:
    """The keys allowed at ``path``, following nested models, lists and dicts by their annotations."""
    annotation: Any = model
    for part in path:
        annotation = _step(annotation, part)
    found = _model_of(annotation)
    return [_key(name, field) for name, field in found.model_fields.items()] if found else []


def _key(name: str, field: FieldInfo) -> str:
    """The name a user writes for a field."""
    alias = field.validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else field.alias or name


def _step(annotation: Any, part: Any) -> Any:
    found = _model_of(annotation)
    if found and isinstance(part, str):
        for name, field in found.model_fields.items():
            if part in (name, _key(name, field)):
                return field.annotation
    return annotation


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_of(argument)
        if found:
            return found
    return None


def parsed_json(text: str | bytes) -> Any:
    """What a JSON text says.

    :raises ValueError: where it is none, or nested so deeply that nothing of ours wrote it.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
