"""The entities of a type as columns of Python values, for everything that hands them out: exports, statistics."""

from kg.snapshot.snapshot import Snapshot

Value = str | float | int | bool
_CASTS: dict[str, type[float] | type[int] | type[bool]] = {"float": float, "int": int, "bool": bool}


def labels(snapshot: Snapshot, entity_type: str) -> list[str | None]:
    """The labels of all entities of a type, in the order of their indices; ``None`` where there is none."""
    return list(snapshot.labels(entity_type))


def shown_labels(snapshot: Snapshot, entity_type: str) -> list[str]:
    """What a person reads for each entity of a type: the label, the id where there is none."""
    ids = snapshot.vocabulary.ids(entity_type)
    return [label or one for label, one in zip(labels(snapshot, entity_type), ids, strict=True)]


def property_values(snapshot: Snapshot, entity_type: str, name: str) -> list[Value | None]:
    """A property of all entities of a type, exact, in the order of their indices; ``None`` where it is absent."""
    kind = snapshot.schema.entity[entity_type].properties[name]
    if kind == "str":
        return list(snapshot.text(entity_type, name))
    values, present = snapshot.values(entity_type, name)
    cast = _CASTS[kind]
    return [cast(value) if ok else None for value, ok in zip(values.tolist(), present.tolist(), strict=True)]


def properties(snapshot: Snapshot, entity_type: str, idx: int) -> dict[str, Value]:
    """The properties of one entity in the order of the schema; absent ones are left out."""
    found: dict[str, Value] = {}
    for name, kind in snapshot.schema.entity[entity_type].properties.items():
        if kind == "str":
            text = snapshot.text(entity_type, name)[idx]
            if text is not None:
                found[name] = text
            continue
        values, present = snapshot.values(entity_type, name)
        if present[idx]:
            found[name] = _CASTS[kind](values[idx])
    return found
