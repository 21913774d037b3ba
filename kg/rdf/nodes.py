"""The nodes of statements: of which entity types they are, and their ids."""

from collections.abc import Callable, Mapping
from functools import cached_property

import polars as pl

from kg.ontology.terms import ENTITY_PREFIX, entity_of
from kg.values.cells import identifiers, map_unique


class NodeTypes:
    """Node → entity types. What is said comes first; else what the places of the node in relations tell."""

    def __init__(self, types: list[str]) -> None:
        self._nodes = {name: pl.Series(name, [], dtype=pl.String) for name in types}
        self._typed = pl.Series([], dtype=pl.String)

    def add(self, found: Mapping[str, list[pl.Series]]) -> bool:
        """Add nodes by type; says whether any is new."""
        grown = False
        for name, nodes in found.items():
            old = self._nodes[name]
            self._nodes[name] = pl.concat([old, *(n.alias(name) for n in nodes)]).unique(maintain_order=True)
            grown |= self._nodes[name].len() > old.len()
        self._typed = pl.concat([series.alias("") for series in self._nodes.values()]).unique()
        return grown

    def nodes(self, entity_type: str) -> pl.Series:
        """All nodes of a type."""
        return self._nodes[entity_type]

    def have(self, nodes: pl.Series, entity_type: str) -> pl.Series:
        """Which nodes are of a type."""
        return nodes.is_in(self._nodes[entity_type].implode())

    def known(self, nodes: pl.Series) -> pl.Series:
        """Which nodes are of any type."""
        return nodes.is_in(self._typed.implode())


class NodeIds:
    """Node → id: whole IRIs but for a prefix, ids of whyrec's own IRIs, ids of blank nodes by their content."""

    def __init__(self, id_prefix: str | None, blank: Callable[[], Mapping[str, str]]) -> None:
        """Prepare.

        :param blank: blank node → id; called when an entity is a blank node.
        """
        self._prefix, self._find_blank = id_prefix, blank

    @cached_property
    def _blank(self) -> Mapping[str, str]:
        return self._find_blank()

    def of(self, nodes: pl.Series) -> pl.Series:
        """The ids of IRIs and blank nodes."""
        special = nodes.str.starts_with("_:") | nodes.str.starts_with(ENTITY_PREFIX)
        plain = nodes
        if self._prefix is not None:
            stripped = nodes.str.strip_prefix(self._prefix)
            plain = pl.select(pl.when(stripped == "").then(nodes).otherwise(stripped).alias(nodes.name)).to_series()
        plain = identifiers(plain)
        if not special.any():
            return plain
        different = nodes.filter(special).unique(maintain_order=True)
        table = pl.DataFrame({"node": different, "named": map_unique(different, self._special)})
        both = pl.DataFrame({"node": nodes, "plain": plain}).join(table, on="node", how="left", maintain_order="left")
        return both.select(pl.coalesce("named", "plain").alias(nodes.name)).to_series()

    def _special(self, node: str) -> str:
        own = entity_of(node)
        return own[1] if own else self._blank.get(node, node)


def own_types(nodes: pl.Series, types: list[str]) -> dict[str, list[pl.Series]]:
    """The types that whyrec's own IRIs name."""
    own = nodes.filter(nodes.str.starts_with(ENTITY_PREFIX)).unique(maintain_order=True)
    return {name: [own.filter(own.str.starts_with(f"{ENTITY_PREFIX}{name}:"))] for name in types} if own.len() else {}
