"""The paths of an account as one Cypher query with parameters, to see them in Neo4j Browser."""

import json
from typing import Any

from kg.schema import Schema
from recommender.results.account import Account, CypherQuery, Path


def cypher_query(schema: Schema, account: Account) -> CypherQuery:
    """A query that returns the paths that an account shows, and its parameters.

    Names of types and relations stand in the query, since Cypher takes them nowhere else; they come from the checked
    schema. Everything else is a parameter. A path through people is matched through everybody it stands for: whoever
    may read the store sees them there, as nobody does in the account.
    """
    paths = [path for part in account.parts for path in part.paths or ()]
    item = {"item": account.item.id}
    if not paths:
        query = f"MATCH p = (:`{account.item.type}` {{id: $item}})\nRETURN p"
        return CypherQuery(query=query, parameters=item)
    parameters: dict[str, Any] = {"user": paths[0].nodes[0].id} | item
    groups: dict[tuple[str, ...], list[list[str | None]]] = {}
    for path in paths:
        groups.setdefault(_shape(schema, path), []).append([node.id for node in path.nodes[1:-1]])
    queries = []
    for number, (shape, ids) in enumerate(groups.items(), start=1):
        parameters[f"paths{number}"] = ids
        pattern = "".join(shape)
        queries.append(f"UNWIND $paths{number} AS ids\nMATCH p = {pattern}\nRETURN p")
    return CypherQuery(query="\nUNION\n".join(queries), parameters=parameters)


def browser_text(query: CypherQuery) -> str:
    """What to paste into Neo4j Browser: the parameters, then the query."""
    values = (f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in query.parameters.items())
    return f":params {{{', '.join(values)}}}\n\n{query.query};"


def _shape(schema: Schema, path: Path) -> tuple[str, ...]:
    """The pattern of a path; nodes without an id are people, any of them."""
    first, last = path.nodes[0], path.nodes[-1]
    parts = [f"(:`{first.type}` {{id: $user}})"]
    for position, (step, node) in enumerate(zip(path.relations, path.nodes[1:], strict=True)):
        name = step.removeprefix("~")
        assert name in schema.relation and node.type in schema.entity
        parts.append(f"<-[:`{name}`]-" if step.startswith("~") else f"-[:`{name}`]->")
        if node is last:
            parts.append(f"(:`{node.type}` {{id: $item}})")
        else:
            parts.append(f"(:`{node.type}`)" if node.id is None else f"(:`{node.type}` {{id: ids[{position}]}})")
    return tuple(parts)
