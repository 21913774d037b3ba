"""N-Triples and Turtle into columns of statements: the readers of kg.rdf, and the libraries in their place.

    python benchmarks/rdf_parsing.py [--products 20000]

A shop's export with literals, languages and datatypes is written once in either format; each side reads it to the same
columns, in turns, and the fastest of three runs counts. kg.rdf reads N-Triples by itself, since pyoxigraph tells the
line of an error but of no statement, and Turtle by pyoxigraph; rdflib's Turtle is what it replaced.
"""

import argparse
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import polars as pl
import pyoxigraph as ox
import rdflib
from rich.console import Console
from rich.table import Table

from kg.notices import Notices
from kg.ontology.terms import BLANK, IRI, LITERAL
from kg.rdf.statements import STATEMENT_DTYPES
from kg.rdf.syntaxes.ntriples import NTriplesReader
from kg.rdf.syntaxes.turtle import TurtleReader

RUNS, ROWS = 3, 100_000
XSD_STRING, LANG_STRING = (
    "http://www.w3.org/2001/XMLSchema#string",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString",
)
FORMATS = {".nt": ox.RdfFormat.N_TRIPLES, ".ttl": ox.RdfFormat.TURTLE}


def oxigraph(path: Path) -> Iterator[pl.DataFrame]:
    """The statements of a file as frames of ``STATEMENT_DTYPES``, without lines."""
    quads = ox.parse(path=str(path), format=FORMATS[path.suffix])
    while rows := [_row(quad.subject, quad.predicate, quad.object) for quad in islice(quads, ROWS)]:
        yield pl.DataFrame(rows, schema=STATEMENT_DTYPES, orient="row")


def by_rdflib(path: Path) -> Iterator[pl.DataFrame]:
    """The same by rdflib, whole."""
    rows = [_rdflib_row(*triple) for triple in rdflib.Graph().parse(path, format="turtle")]
    yield pl.DataFrame(rows, schema=STATEMENT_DTYPES, orient="row")


def _rdflib_row(s: object, p: object, o: object) -> tuple[object, ...]:
    if isinstance(o, rdflib.Literal):
        return None, str(s), str(p), str(o), LITERAL, None if o.datatype is None else str(o.datatype), o.language
    return None, str(s), str(p), str(o), IRI, None, None


def _row(s: object, p: ox.NamedNode, o: object) -> tuple[object, ...]:
    subject = s.value if isinstance(s, ox.NamedNode) else str(s)
    if isinstance(o, ox.Literal):
        datatype = o.datatype.value
        plain = datatype in (XSD_STRING, LANG_STRING)
        return None, subject, p.value, o.value, LITERAL, None if plain else datatype, o.language
    if isinstance(o, ox.NamedNode):
        return None, subject, p.value, o.value, IRI, None, None
    return None, subject, p.value, str(o), BLANK, None, None


def write(folder: Path, products: int) -> dict[str, Path]:
    """The shop as N-Triples and as Turtle."""
    shop = "https://example.org/shop/"
    lines, blocks = [], []
    for n in range(products):
        said = [
            ("a", f"<{shop}Product>"),
            (f"<{shop}label>", f'"Soap No. {n} \\"pure\\""@en' if n % 9 == 0 else f'"Soap No. {n}"@en'),
            (f"<{shop}price>", f'"{n % 90}.50"^^<http://www.w3.org/2001/XMLSchema#decimal>'),
            (f"<{shop}madeBy>", f"<{shop}brand/{n % 50}>"),
            *((f"<{shop}contains>", f"<{shop}ingredient/{(n * 7 + k) % 900}>") for k in range(6)),
        ]
        subject = f"<{shop}product/{n}>"
        blocks.append(subject + " " + " ;\n    ".join(f"{p} {o}" for p, o in said) + " .\n")
        kind = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
        lines += [f"{subject} {kind if p == 'a' else p} {o} .\n" for p, o in said]
    files = {"N-Triples": folder / "shop.nt", "Turtle": folder / "shop.ttl"}
    files["N-Triples"].write_text("".join(lines), encoding="utf-8")
    files["Turtle"].write_text("".join(blocks), encoding="utf-8")
    return files


def _read(batches: Callable[[], Iterator[pl.DataFrame]]) -> tuple[float, pl.DataFrame]:
    start = time.process_time()
    frames = list(batches())
    return time.process_time() - start, pl.concat(frames)


def _peak(batches: Callable[[], Iterator[pl.DataFrame]]) -> float:
    """Peak of Python's own memory in MB while the batches pass by."""
    tracemalloc.start()
    for _ in batches():
        pass
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return peak


def main() -> None:
    """Measure both sides of both formats and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--products", type=int, default=20_000)
    products = parser.parse_args().products
    table = Table("format", "reader", "statements", "CPU s", "statements/s", "Python MB")
    with tempfile.TemporaryDirectory() as folder:
        for name, path in write(Path(folder), products).items():
            other, read = ("pyoxigraph", oxigraph) if path.suffix == ".nt" else ("rdflib", by_rdflib)
            sides: dict[str, Callable[[], Iterator[pl.DataFrame]]] = {
                "kg.rdf": lambda path=path: _own(path).batches(),
                other: lambda path=path, read=read: read(path),
            }
            runs = {side: [_read(batches) for _ in range(RUNS)] for side, batches in sides.items()}
            (first, *others) = (found[0][1].drop("line").sort(pl.all()) for found in runs.values())
            assert all(first.equals(other) for other in others)
            for side, found in runs.items():
                seconds = min(one for one, _ in found)
                figures = (
                    f"{len(first):,}",
                    f"{seconds:.2f}",
                    f"{len(first) / seconds:,.0f}",
                    f"{_peak(sides[side]):.0f}",
                )
                table.add_row(name, side, *figures)
    Console().print(table)


def _own(path: Path) -> NTriplesReader | TurtleReader:
    if path.suffix == ".nt":
        return NTriplesReader(path, path.name, None, Notices())
    return TurtleReader(path, path.name, None, Notices())


if __name__ == "__main__":
    main()
