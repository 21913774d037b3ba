"""Tables as the text of a TOML file."""

import json
from typing import Any


def toml_value(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, dict):
        inner = ", ".join(f"{toml_key(key)} = {toml_value(one)}" for key, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    return repr(value)


def toml_key(key: str) -> str:
    """A key, in quotes where it needs them."""
    bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if bare else json.dumps(key, ensure_ascii=False)


def toml_table(header: str, table: dict[str, Any], comments: dict[str, str] | None = None) -> str:
    """A table, one line per key.

    :param comments: key → what to say behind it.
    """
    lines = [header]
    for key, value in table.items():
        line = f"{toml_key(key)} = {toml_value(value)}"
        said = (comments or {}).get(key)
        lines.append(f"{line:<33} # {said}" if said else line)
    return "\n".join(lines) + "\n"
