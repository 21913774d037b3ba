"""How fast labels are found in text.

    python benchmarks/text_speed.py [--texts 20000] [--labels 30000] [--rounds 3] [--chinese 0.0]

Texts of 100 words with punctuation, from a seeded generator: words follow Zipf's law, labels have one to three words,
rare and frequent ones alike. Bar: 20,000 texts per second against 30,000 labels, on one thread. The clock runs from
the texts to the weighted triples; building the dictionary is timed apart. A round is timed by the processor time of
the process, since other work on the machine is none of ours, and by the clock on the wall.
"""

import os

os.environ["POLARS_MAX_THREADS"] = "1"  # before polars is imported

import time
from typing import Annotated

import numpy as np
import polars as pl
import typer
from rich.console import Console
from rich.table import Table

from kg.mapping.link import Text
from kg.text.label_matching import LabelMatcher, text_triples

CONSOLE = Console(width=120)
LETTERS = "eeeeeetttttaaaaooooiiiinnnnsssshhhrrrddllluuccmmwffyyggppbvk"
HANZI = [chr(code) for code in range(0x4E00, 0x4E00 + 3000)]
WORDS, WORDS_PER_TEXT, BAR = 100_000, 100, 20_000


def main(
    texts: Annotated[int, typer.Option(help="How many texts.")] = 20_000,
    labels: Annotated[int, typer.Option(help="How many labels.")] = 30_000,
    rounds: Annotated[int, typer.Option(help="How often the same is done.")] = 3,
    chinese: Annotated[float, typer.Option(help="Share of words that are two Chinese characters.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Seed of texts and labels.")] = 0,
) -> None:
    """Measure and print one line per round."""
    frame, names = generated(texts, labels, chinese, seed)
    started = time.perf_counter()
    text = Text.model_validate({"relation": "about", "columns": ["text"], "stop": names.head(20).to_list()})
    matcher = LabelMatcher(pl.DataFrame({"id": names, "label": names}), text)
    built = time.perf_counter() - started
    table = Table("round", "texts/s (processor)", "texts/s (wall)", "triples", "matches", "bar")
    for turn in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        triples = text_triples(frame, matcher, "tfidf")
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        matches = len(matcher.find_all(frame.get_column("text").to_list())[0]) / texts
        row = (f"{texts / cpu:,.0f}", f"{texts / wall:,.0f}", f"{triples.height:,}", f"{matches:.1f} a text")
        table.add_row(str(turn + 1), *row, f"{BAR:,}")
    CONSOLE.print(
        f"{texts:,} texts of {WORDS_PER_TEXT} words, {len(names):,} labels; dictionary built in {built:.2f} s"
    )
    CONSOLE.print(table)


def generated(texts: int, labels: int, chinese: float, seed: int) -> tuple[pl.DataFrame, pl.Series]:
    """Columns ``head`` and ``text`` of the texts, and the labels, unique."""
    random = np.random.default_rng(seed)
    letters = np.array(list(LETTERS))
    words = ["".join(random.choice(letters, length)) for length in random.integers(2, 11, WORDS)]
    for i in np.flatnonzero(random.random(WORDS) < chinese):
        words[i] = "".join(random.choice(HANZI, 2))
    frequency = 1 / np.arange(10, WORDS + 10)
    drawn = random.choice(WORDS, size=(texts, WORDS_PER_TEXT), p=frequency / frequency.sum())
    marks = np.array([" ", ", ", ". ", " - ", "-", " ("])
    gaps = random.choice(len(marks), size=drawn.shape, p=[0.86, 0.06, 0.06, 0.005, 0.01, 0.005])
    rows = ["".join(words[w] + marks[g] for w, g in zip(*row, strict=True)) for row in zip(drawn, gaps, strict=True)]
    lengths = random.choice([1, 2, 3], size=labels * 2, p=[0.4, 0.4, 0.2])
    names = [" ".join(words[i] for i in random.integers(100, WORDS, length)).title() for length in lengths]
    frame = pl.DataFrame({"head": [f"p{i:06}" for i in range(texts)], "text": rows})
    return frame, pl.Series(list(dict.fromkeys(names))[:labels])


if __name__ == "__main__":
    typer.run(main)
