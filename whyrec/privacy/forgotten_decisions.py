"""Decisions that name people, as earlier versions let rules do: the log is never changed, but where one of them is
forgotten, or gets another pseudonym."""

from collections.abc import Mapping, Sequence

from kg.privacy.erasure.traces import Traces
from kg.schema import Schema
from kg.workspace.workspace import Workspace
from whyrec.decisions.log import DecisionLog

INSTEAD = "[forgotten]"


def forget_in_decisions(workspace: Workspace, person: str, types: Sequence[str]) -> int:
    """Take the id of a person out of what decisions say; says out of how many. What rules name that is not in the graph
    binds nothing, so no list changes.

    :param types: entity types of hers; whatever else has the same id stays.
    """
    schema, traces = workspace.schema, Traces(person)

    def _without(text: str) -> str:
        before, colon, named = text.partition(":")
        about = _leads_to(schema, before) if colon else None
        if about is not None and named == person:
            return f"{before}:{INSTEAD}" if about in types else text
        return traces.without(text, INSTEAD) if traces.distinctive and about is None else text

    return DecisionLog(workspace.folder).change(_without)


def rename_in_decisions(workspace: Workspace, names: Mapping[tuple[str, str], str]) -> int:
    """Give people new pseudonyms in what decisions say; says in how many.

    :param names: type and old pseudonym of somebody → the new one.
    """
    renamed = {old: new for (_, old), new in names.items()}

    def _renamed(text: str) -> str:
        before, colon, named = text.partition(":")
        return f"{before}{colon}{renamed.get(named, named)}"

    return DecisionLog(workspace.folder).change(_renamed)


def _leads_to(schema: Schema, name: str) -> str | None:
    """The entity type that ``Type:ID`` or ``relation:ID`` names one of."""
    if name in schema.entity:
        return name
    return schema.ends(name)[1] if name.removeprefix("~") in schema.relation else None
