"""RDF files in a load: statements are staged as they are read; when all files are read, they become rows of the graph.

The types of nodes come from all RDF files of the load together, whatever their order: first what statements of
``rdf:type`` say, then what the only relation tells that fits a pair of nodes, then the types that the graph knows an id
of. A node without any of these is no entity, and what is said about it is filtered.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import polars as pl

from kg.counting import by_number
from kg.errors import MappingError
from kg.mapping.mapping import RdfSource
from kg.notices import Notices
from kg.ontology.plan import Edge, Plan
from kg.ontology.schema_org import BUNDLED
from kg.ontology.terms import BLANK, LITERAL, TYPE, statement_line
from kg.privacy.person_ids import People
from kg.progress import Progress
from kg.rdf.blank_nodes import blank_ids, blank_nodes_in, keyed_ids
from kg.rdf.edges import Edges, inferred
from kg.rdf.emission import Emission
from kg.rdf.nodes import NodeIds, NodeTypes, own_types
from kg.rdf.outcome import REF_DTYPES, Outcome
from kg.rdf.paths import Pairs, Statements
from kg.rdf.qualified import qualified_pairs
from kg.rdf.statements import STATEMENT_DTYPES, StatementReader
from kg.rdf.syntaxes.json_ld import JsonLdReader
from kg.rdf.syntaxes.ntriples import NTriplesReader
from kg.rdf.syntaxes.turtle import TurtleReader
from kg.rdf.values import Values
from kg.readers.batch import REJECT_DTYPES
from kg.staging.progress import StageProgress
from kg.staging.report import FileReport
from kg.staging.resolution import Graph
from kg.staging.tables import Staging

_SHOWN = 5
"""Properties without a place that a notice names."""


class RdfLoading:
    """The RDF files of one load."""

    def __init__(self, plan: Plan, staging: Staging, people: People, notices: Notices) -> None:
        self._plan, self._staging, self._people, self._notices = plan, staging, people, notices
        self._schema = people.schema
        self._predicates = plan.predicates
        self._blank_files: list[int] = []
        self._homeless: dict[int, Counter[str]] = defaultdict(Counter)

    def read(self, file: FileReport, number: int, progress: Progress) -> None:
        """Stage the statements of one file.

        :raises ReadError: for a syntax error, with line and column, and for relative IRIs without a base.
        """
        reader = self._reader(file)
        stage, position = StageProgress(progress, file.place, reader.size), 0
        for batch in reader.batches():
            self._stage(batch.with_row_index("n", file.rows).cast({"n": pl.Int64}), number)
            file.rows += batch.height
            self._reject_lines(file, reader.rejects())
            stage.advance(batch.height, reader.position - position)
            position = reader.position
        stage.finish()
        if not file.rows:
            self._notices.add(file.place, "no RDF statement in this file")

    def _reject_lines(self, file: FileReport, bad: pl.DataFrame) -> None:
        """Lines that are no statements."""
        if bad.height:
            if self._people.pseudonyms is not None or self._people.suppression:
                bad = bad.with_columns(pl.lit("").alias("value"))
            file.rows += bad.height
            file.reject_frames.append(bad)

    def finish(self, files: Sequence[FileReport], graph: Graph) -> None:
        """Stage entities and triples, and account for all statements.

        :param graph: what load and store know of ids besides.
        """
        outcome = Outcome()
        statements = Statements(self._staging, self._predicates, outcome)
        ids = NodeIds(self._plan.mapping.id_prefix, self._blank)
        types = self._types(statements, ids, graph, outcome)
        emission = Emission(self._staging, ids, self._people, self._notices)
        edges = Edges(self._schema, types, emission, outcome)
        values = Values(self._schema, types, emission, outcome, self._plan.mapping.languages)
        for path, entry in self._plan.entries.items():
            pairs = statements.pairs(path)
            if entry.edges and pairs.frame.height:
                edges.place(pairs, entry.edges)
            for value in entry.values:
                values.place(pairs, value)
        for one in self._plan.qualified:
            for pairs, candidates in qualified_pairs(statements, one, self._plan, outcome):
                edges.place(pairs, candidates)
        values.settle()
        self._account(files, statements, outcome)
        self._check_vocabulary(files)

    def _check_vocabulary(self, files: Sequence[FileReport]) -> None:
        """Refuse what means nothing without a mapping."""
        untold = [file for file in files if isinstance(file.source, RdfSource) and not file.source.told and file.rows]
        if untold and not any(file.loaded or file.rejected for file in untold):
            none = by_number(f"none of its {untold[0].rows:,} [statement|statements]")
            raise MappingError(
                f"{untold[0].place}: {none} means anything for the schema "
                f"{self._schema.name!r}; write an [rdf] table into the mapping that says which class is which entity "
                "type and which property what; without one, exports of whyrec are understood, and the terms of "
                f"schema.org for the schema {', '.join(BUNDLED)}"
            )

    def _reader(self, file: FileReport) -> StatementReader:
        kind = file.source.file_format(file.path)
        if kind in ("ntriples", "nquads"):
            return NTriplesReader(file.path, file.place, self._plan.mapping.base, self._notices, kind == "nquads")
        if kind == "jsonld":
            return JsonLdReader(file.path, file.place, self._plan.mapping.base)
        return TurtleReader(file.path, file.place, self._plan.mapping.base, self._notices, kind == "trig")

    def _stage(self, batch: pl.DataFrame, number: int) -> None:
        scope = f"_:{number}:"
        blank_o = pl.col("kind") == BLANK
        batch = batch.with_columns(
            pl.lit(number, dtype=pl.Int64).alias("file"),
            pl.col("s").str.replace("^_:", scope).alias("s"),
            pl.when(blank_o).then(pl.col("o").str.replace("^_:", scope)).otherwise("o").alias("o"),
        )
        blank = blank_nodes_in(batch)
        if blank.height:
            self._staging.add([(f"blank.{number}", blank)])
            if number not in self._blank_files:
                self._blank_files.append(number)
        numbers = pl.DataFrame(
            {"name": self._predicates, "k": range(len(self._predicates))}, schema={"name": pl.String, "k": pl.Int64}
        )
        named = batch.with_columns(_canonical("p").alias("name")).join(numbers, on="name", how="left")
        placed = pl.col("k").is_not_null()
        is_type = pl.col("name") == TYPE
        placed &= ~is_type | _canonical("o").is_in(sorted(self._plan.wanted_classes))
        shown = pl.when(is_type).then(pl.concat_str(pl.lit("rdf:type "), "o")).otherwise("p")
        homeless = named.filter(~placed).group_by(shown.alias("what")).len()
        self._homeless[number].update(dict(homeless.iter_rows()))
        columns = ["file", "n", *STATEMENT_DTYPES]
        for (k,), part in named.filter(placed).group_by("k", maintain_order=True):
            self._staging.add([(f"rdf.{k}", part.select(columns))])

    def _blank(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for number in self._blank_files:
            table = self._staging.scan(f"blank.{number}")
            if table is not None:
                frame = table.sort("n").collect()
                found |= blank_ids(frame)
                found |= keyed_ids(frame, self._plan.keys)
        return found

    def _types(self, statements: Statements, ids: NodeIds, graph: Graph, outcome: Outcome) -> NodeTypes:
        names = list(self._schema.entity)
        types = NodeTypes(names)
        table = statements.table(TYPE).with_columns(_canonical("o").alias("class"))
        for iri, entity_types in self._plan.classes.items():
            of_class = table.filter(pl.col("class") == iri)
            types.add({name: [of_class.get_column("s")] for name in entity_types})
            outcome.load(of_class)
        for path in self._plan.entries:
            frame = statements.pairs(path).frame
            for end, kind in (("s", "skind"), ("o", "kind")):
                types.add(own_types(frame.filter(pl.col(kind) != LITERAL).get_column(end), names))
        self._infer(statements, types)
        if self._add_known(statements, types, ids, graph):
            self._infer(statements, types)
        return types

    def _infer(self, statements: Statements, types: NodeTypes) -> None:
        """Infer types, all from what was known before, till nothing is new."""
        grown = True
        while grown:
            found: dict[str, list[pl.Series]] = defaultdict(list)
            for pairs, edges in self._edge_pairs(statements):
                for name, nodes in inferred(pairs.frame, edges, types).items():
                    found[name] += nodes
            for path, entry in self._plan.entries.items():
                owners = {name for value in entry.values for name in value.types}
                if len(owners) == 1 and not entry.edges:
                    subjects = statements.pairs(path).frame.get_column("s")
                    found[owners.pop()].append(subjects.filter(~types.known(subjects)))
            grown = types.add(found)

    def _edge_pairs(self, statements: Statements) -> Iterator[tuple[Pairs, Sequence[Edge]]]:
        """All pairs that may become triples, with the relations in question."""
        for path, entry in self._plan.entries.items():
            if entry.edges:
                yield statements.pairs(path), entry.edges
        for one in self._plan.qualified:
            yield from qualified_pairs(statements, one, self._plan, Outcome())

    def _add_known(self, statements: Statements, types: NodeTypes, ids: NodeIds, graph: Graph) -> bool:
        """Take the types that the graph knows for nodes that have none; says whether there are any."""
        untyped = []
        for path, entry in self._plan.entries.items():
            frame = statements.pairs(path).frame
            ends = [frame.get_column("s")]
            if entry.edges:
                ends.append(frame.filter(pl.col("kind") != LITERAL).get_column("o").alias("s"))
            untyped += [nodes.filter(~types.known(nodes)) for nodes in ends]
        nodes = pl.concat(untyped).unique(maintain_order=True)
        if nodes.is_empty():
            return False
        named = ids.of(nodes)
        return types.add({name: [nodes.filter(named.is_in(graph.ids(name).implode()))] for name in self._schema.entity})

    def _account(self, files: Sequence[FileReport], statements: Statements, outcome: Outcome) -> None:
        """Count the fate of every statement; those of a list share that of the statement which it belongs to."""
        for predicate in self._predicates:
            table = statements.table(predicate).filter(pl.col("kind") != LITERAL)
            owned = table.join(statements.cells(), left_on="o", right_on="head", suffix=" cell")
            if owned.height:
                cells = owned.select(*REF_DTYPES, *(f"{name} cell" for name in REF_DTYPES))
                renamed = {f"{name} cell": name for name in REF_DTYPES}
                used = cells.join(outcome.loaded(), on=list(REF_DTYPES), how="semi")
                outcome.load(used.drop(list(REF_DTYPES)).rename(renamed))
                bad = cells.join(outcome.rejected(), on=list(REF_DTYPES), how="semi")
                reason = "part of the list of a rejected statement"
                outcome.reject(bad.drop(list(REF_DTYPES)).rename(renamed), reason, "mend that one")
        loaded, rejected = outcome.loaded(), outcome.rejected()
        for k, predicate in enumerate(self._predicates):
            table = statements.table(predicate)
            fates = table.join(
                loaded.filter(pl.col("k") == k).with_columns(loaded=True), on=list(REF_DTYPES), how="left"
            )
            fates = fates.join(rejected.filter(pl.col("k") == k), on=list(REF_DTYPES), how="left")
            for (number,), part in fates.group_by("file", maintain_order=True):
                self._settle(files[int(str(number))], int(str(number)), predicate, part)
        for number, counts in self._homeless.items():
            self._filter(files[number], counts)
        for file in files:
            if isinstance(file.source, RdfSource):
                file.check()

    def _settle(self, file: FileReport, number: int, predicate: str, fates: pl.DataFrame) -> None:
        bad = fates.filter(pl.col("reason").is_not_null())
        file.loaded += int(fates.get_column("loaded").sum())
        idle = fates.filter(pl.col("loaded").is_null() & pl.col("reason").is_null())
        if idle.height:
            self._homeless[number][predicate] += idle.height
        if bad.height:
            file.reject_frames.append(self._rejects(bad))

    def _rejects(self, bad: pl.DataFrame) -> pl.DataFrame:
        """Rejects show the whole statement, which names its subject; none where people may not be shown."""
        parts = bad.select("s", "p", "o", "kind", "datatype", "lang").iter_rows()
        shown = [statement_line(*part) for part in parts]
        if self._people.pseudonyms is not None or self._people.suppression:
            shown = [""] * bad.height
        values = pl.Series("value", shown, dtype=pl.String)
        one = pl.lit(1, dtype=pl.Int64).alias("lines")
        return bad.with_columns(values, one, pl.col("p").alias("field")).select(
            pl.col(name).cast(dtype) for name, dtype in REJECT_DTYPES.items()
        )

    def _filter(self, file: FileReport, counts: Counter[str]) -> None:
        file.filtered += counts.total()
        top = ", ".join(f"{what} ({count:,})" for what, count in sorted(counts.items(), key=_by_count)[:_SHOWN])
        more = f" and {len(counts) - _SHOWN:,} more" if len(counts) > _SHOWN else ""
        sentence = f"{{n}} [statement has|statements have] no place in the graph: {top}{more}"
        self._notices.add(file.place, sentence, counts.total())


def _by_count(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _canonical(column: str) -> pl.Expr:
    """The IRIs of a column, those of schema.org in one spelling."""
    return pl.col(column).str.replace("^http://schema\\.org/", "https://schema.org/")
