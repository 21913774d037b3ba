"""The two files of an adoption, as a person reads and corrects them."""

import json
from collections.abc import Mapping
from typing import Any

from kg.adoption.inspection import Proposal


def schema_text(proposal: Proposal) -> str:
    """``schema.toml``."""
    lines = [
        "# What was found in the graph. Look at: sensitive (people), domain (what is recommended), interaction (what",
        "# people do with items); then run `whyrec refresh`.",
        f"name = {json.dumps(proposal.schema['name'])}",
    ]
    for table in ("entity", "relation"):
        for name, keys in proposal.schema[table].items():
            lines += ["", f"[{table}.{name}]  # {proposal.counts[name]:,} in the graph", *_lines(keys)]
    return "\n".join(lines) + "\n"


def adoption_text(proposal: Proposal) -> str:
    """``adoption.toml``."""
    lines = ["# Which label, property and relationship of the graph is what in schema.toml. Nothing is written there."]
    for table, found in (("entity", proposal.adoption.entity), ("relation", proposal.adoption.relation)):
        for name, adopted in found.items():
            keys = {key: value for key, value in adopted.model_dump().items() if value}
            lines += ["", f"[{table}.{name}]", *_lines(keys)]
    return "\n".join(lines) + "\n"


def _lines(keys: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {_value(value)}" for key, value in keys.items()]


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_value(v)}" for k, v in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
