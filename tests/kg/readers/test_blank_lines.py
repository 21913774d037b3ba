"""Blocks of nothing but line ends, as a small packed file may hold by the hundred million."""

import bz2
from pathlib import Path

import polars as pl
import pytest

from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers import physical_lines
from kg.readers.delimited_text import delimited
from kg.readers.opening import open_reader

MANY = 3 << 20


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(physical_lines, "BLOCK", 1 << 20)


def read(path: Path, text: str) -> tuple[pl.DataFrame, list[int]]:
    path.write_bytes(bz2.compress(text.encode()))
    source = Source(file=path.name, relation="bought", head="user", tail="item")
    batches = list(open_reader(path, path.name, source, ("user", "item"), Notices()).batches())
    return pl.concat(batch.frame for batch in batches), [line for batch in batches for line in batch.lines]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_blocks_of_blank_lines_between_rows_are_not_cut_into_lines(
    end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[int] = []
    parse = delimited.RecordParser.parse
    count = lambda parser, *how: lines.append(len(parser._texts)) or parse(parser, *how)  # noqa: E731
    monkeypatch.setattr(delimited.RecordParser, "parse", count)
    text = f"user,item{end}u1,p1{end}" + end * MANY + f"u2,p2{end}"
    frame, numbers = read(tmp_path / "log.csv.bz2", text)
    assert frame.rows() == [("u1", "p1"), ("u2", "p2")] and numbers == [2, MANY + 3]
    assert sum(lines) < MANY  # the first block, and the last


def test_blank_lines_in_quotes_are_part_of_their_cell(tmp_path: Path) -> None:
    frame, numbers = read(tmp_path / "log.csv.bz2", 'user,item\n"u1' + "\n" * MANY + '",p1\n')
    assert frame.get_column("user").str.len_chars().to_list() == [MANY + 2] and numbers == [2]


def test_blank_lines_of_json(tmp_path: Path) -> None:
    row = '{"user": "u1", "item": "p1"}\n'
    frame, numbers = read(tmp_path / "log.jsonl.bz2", row + "\n" * MANY + row)
    assert frame.height == 2 and numbers == [1, MANY + 2]
