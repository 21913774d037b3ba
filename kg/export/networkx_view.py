"""A snapshot as a networkx graph, and the two files that networkx writes from it: GraphML and node-link JSON.

======== ============================ ==================================================================
what     name                         value
======== ============================ ==================================================================
node     (key)                        ``Type:id``, since two types may share an id
node     ``type``, ``entity_id``      entity type and id
node     ``label``                    what a person reads: the label, the id where there is none
node     the names of the properties  str, float, int or bool; left out where absent
edge     (key), ``relation``          relation
edge     ``weight``                   float
edge     ``timestamp``                ISO 8601 in UTC with milliseconds, ``2024-01-31T10:00:00.000Z``; left out where
                                      absent. Read by ``whyrec load``, and by people.
edge     ``first``, ``occasions``     of what is repeated: the first time, likewise, and on how many days
edge     ``previous``                 of what is repeated on several days: the last time before the latest day, likewise
graph    ``schema``, ``snapshot``     name of the schema, content hash of the snapshot
======== ============================ ==================================================================

The id is no attribute ``id``, for node-link JSON calls the key of a node so. A property that is called like one of
ours is named ``property_type``, ``property_entity_id``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

import numpy as np
from numpy.typing import NDArray

from kg.counting import by_number
from kg.errors import UsageError
from kg.instant import NO_TIME
from kg.schema import Schema
from kg.snapshot.entity_table import property_values, shown_labels
from kg.snapshot.snapshot import Snapshot

if TYPE_CHECKING:  # networkx takes longer to import than most commands run, so each function imports it
    import networkx as nx

NODE_ATTRIBUTES = ("type", "entity_id", "label")
REPLACEMENT = "\ufffd"
_NO_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 does not have, and the carriage return, which its parsers do not keep."""


def to_networkx(snapshot: Snapshot) -> nx.MultiDiGraph:
    """The whole snapshot as a networkx graph, with the attributes in the table above.

    Takes about 1 kB per entity and triple; take a ``Subgraph`` of a large snapshot.
    """
    import networkx as nx

    graph = nx.MultiDiGraph(schema=snapshot.schema.name, snapshot=snapshot.hash)
    for entity_type in snapshot.schema.entity:
        graph.add_nodes_from(_nodes(snapshot, entity_type))
    for relation in snapshot.schema.relation:
        graph.add_edges_from(_edges(snapshot, relation))
    return graph


def write_node_link(snapshot: Snapshot, path: Path) -> list[str]:
    """Write node-link JSON, one node or edge per line; ``networkx.node_link_graph(data, edges="edges")`` reads it.

    :returns: no notices.
    """
    import networkx as nx

    data = nx.node_link_data(to_networkx(snapshot), edges="edges")
    with path.open("w", encoding="utf-8") as file:
        file.write("{")
        for name in ("directed", "multigraph", "graph"):
            file.write(f"{json.dumps(name)}: {json.dumps(data[name], ensure_ascii=False)},\n")
        _write_lines(file, "nodes", data["nodes"])
        file.write(",\n")
        _write_lines(file, "edges", data["edges"])
        file.write("}\n")
    return []


def write_graphml(snapshot: Snapshot, path: Path) -> list[str]:
    """Write GraphML; ``networkx.read_graphml(path, force_multigraph=True)`` reads it.

    Each edge also gets an ``edge_id`` that is unique, as the format wants it. Characters that XML does not have become
    U+FFFD in labels and properties, and ``\\r\\n`` becomes ``\\n``.

    :returns: a notice that says how many texts were changed.
    :raises UsageError: where an id has such a character, since two ids could become one.
    """
    import networkx as nx

    _refuse_ids(snapshot)
    graph = to_networkx(snapshot)
    changed = sum(_make_xml(attributes) for _, attributes in graph.nodes(data=True))
    for number, (_, _, relation, attributes) in enumerate(graph.edges(keys=True, data=True)):
        attributes["edge_id"] = f"{relation}:{number}"
    nx.write_graphml(graph, path, edge_id_from_attribute="edge_id")
    if not changed:
        return []
    told = (
        f"{changed:,} [text|texts] had characters that XML does not have; they became {REPLACEMENT} (.json keeps them)"
    )
    return [by_number(told)]


def _nodes(snapshot: Snapshot, entity_type: str) -> Iterator[tuple[str, dict[str, Any]]]:
    names = _attribute_names(snapshot.schema)
    properties = {
        names[name]: property_values(snapshot, entity_type, name)
        for name in snapshot.schema.entity[entity_type].properties
    }
    ids, labels = snapshot.vocabulary.ids(entity_type), shown_labels(snapshot, entity_type)
    for idx, (entity_id, label) in enumerate(zip(ids, labels, strict=True)):
        present = {name: values[idx] for name, values in properties.items() if values[idx] is not None}
        yield f"{entity_type}:{entity_id}", {"type": entity_type, "entity_id": entity_id, "label": label, **present}


def _edges(snapshot: Snapshot, relation: str) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    head, tail = snapshot.schema.ends(relation)
    heads, tails = ([f"{end}:{one}" for one in snapshot.vocabulary.ids(end)] for end in (head, tail))
    matrix, times = snapshot.adjacency(relation), np.asarray(snapshot.timestamps(relation))
    rows = np.repeat(np.arange(len(heads)), np.diff(matrix.indptr)).tolist()
    moments = _moments(times)
    present = (times != NO_TIME).tolist()
    columns = rows, matrix.indices.tolist(), matrix.data.tolist(), moments, present
    again = _repeated(snapshot, relation)
    for place, (row, column, weight, moment, timed) in enumerate(zip(*columns, strict=True)):
        attributes = {"relation": relation, "weight": weight}
        if timed:
            attributes["timestamp"] = moment
        yield heads[row], tails[column], relation, attributes | (again[place] if again else {})


def _moments(times: NDArray[np.int64]) -> list[str]:
    """Milliseconds since 1970 in ISO 8601; of ``NO_TIME`` something else."""
    return cast("list[str]", np.datetime_as_string(times.astype("datetime64[ms]"), timezone="UTC").tolist())


def _repeated(snapshot: Snapshot, relation: str) -> list[dict[str, Any]]:
    """What is told of each triple of a relation with ``repeat`` besides; empty where nothing is."""
    if not (found := snapshot.occasions(relation)):
        return []
    first, previous = (_moments(found[name]) for name in ("first", "previous"))
    told = zip(first, found["occasions"].tolist(), previous, (found["previous"] != NO_TIME).tolist(), strict=True)
    return [
        ({"first": since, "occasions": days} if days else {}) | ({"previous": before} if known else {})
        for since, days, before, known in told
    ]


def _attribute_names(schema: Schema) -> dict[str, str]:
    """Property → name of the attribute, no two the same, none that of an attribute of ours."""
    properties = {name for entity in schema.entity.values() for name in entity.properties}
    names = {}
    for name in sorted(properties):
        chosen = name
        while chosen in NODE_ATTRIBUTES or (chosen != name and chosen in properties):
            chosen = f"property_{chosen}"
        names[name] = chosen
    return names


def _write_lines(file: TextIO, name: str, rows: list[dict[str, Any]]) -> None:
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    file.write(f"{json.dumps(name)}: [")
    for number, row in enumerate(rows):
        file.write((",\n" if number else "\n") + encode(row))
    file.write("\n]")


def _refuse_ids(snapshot: Snapshot) -> None:
    for entity_type, entity in snapshot.schema.entity.items():
        bad = [one for one in snapshot.vocabulary.ids(entity_type) if _NO_XML.search(one)]
        if bad:
            which = "" if entity.sensitive else f", such as {bad[0]!r},"
            ids = by_number(f"{len(bad):,} [id|ids]")
            raise UsageError(
                f"{ids} of {entity_type}{which} with characters that GraphML cannot hold; export to .json, "
                "which holds all, or mend the ids"
            )


def _make_xml(attributes: dict[str, Any]) -> int:
    """Replace what XML does not have, in place; returns how many texts changed."""
    changed = 0
    for name, value in attributes.items():
        if isinstance(value, str) and _NO_XML.search(value):
            attributes[name] = _NO_XML.sub(REPLACEMENT, value.replace("\r\n", "\n"))
            changed += REPLACEMENT in attributes[name] and REPLACEMENT not in value
    return changed
