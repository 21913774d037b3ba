"""Finding by name among two million labels: seconds to index them, size of the index, and milliseconds per question.

    python benchmarks/find_speed.py WORK [LABELS]

Labels are made of the words of the bundled example and of CosIng-like syllables, so that words repeat as in a shop. The
questions are labels as they are, beginnings, words inside, labels with a typing error, and Chinese ones.
"""

import random
import sys
import time
from pathlib import Path

import numpy as np

from recommender.search.find import _score
from recommender.search.folding import fold, pinyin_forms
from recommender.search.grams import GramIndex
from recommender.search.names import LABEL, PINYIN, Names, _array

SYLLABLES = "ra lo mi ne so ta ver bel cor dan fe gli hu jo kan lu mar nor pe qui ros sil tur vi wen xan yo zel".split()
KINDS = "serum cream lipstick mask toner course cleanser balm oil gel mist powder brush primer shampoo scrub".split()
CHINESE = "烟酰胺玫瑰水杨酸精华面霜口红面膜爽肤水洁面乳护肤课程抗老美白保湿控油敏感肌山茶花牡丹茶树薰衣草"


def words(dice: random.Random) -> list[str]:
    """Thirty thousand invented words."""
    return ["".join(dice.choices(SYLLABLES, k=dice.randint(2, 4))) for _ in range(30_000)]


def labels(n: int, dice: random.Random) -> list[str]:
    """So many labels, every tenth of them Chinese."""
    known = words(dice)
    made = []
    for number in range(n):
        if number % 10 == 0:
            made.append("".join(dice.choices(CHINESE, k=dice.randint(4, 9))))
        else:
            made.append(" ".join([*dice.choices(known, k=dice.randint(1, 3)), dice.choice(KINDS)]))
    return made


def index(texts: list[str]) -> Names:
    """The index that ``find`` uses, without a store behind it."""
    names = {(fold(text).encode(), LABEL, entity) for entity, text in enumerate(texts)}
    names |= {(one.encode(), PINYIN, entity) for entity, text in enumerate(texts) for one in pinyin_forms(fold(text))}
    ordered = sorted(names)
    forms = [form for form, _, _ in ordered]
    grams = GramIndex.of([form.decode() for form in forms], np.arange(len(forms)))
    kinds = np.array([kind for _, kind, _ in ordered], dtype=np.uint8)
    return Names(_array(forms), kinds, np.array([entity for _, _, entity in ordered]), grams)


def questions(texts: list[str], dice: random.Random) -> list[str]:
    """A thousand questions of five kinds."""
    asked = []
    for text in dice.sample(texts, 1_000):
        middle = len(text) // 2
        wrong = text[:middle] + dice.choice("aeiou") + text[middle + 1 :]
        asked.append(dice.choice([text, text[: max(3, middle)], text.split()[-1], wrong, text.split()[0][1:]]))
    return asked


def main(work: Path, n: int = 2_000_000) -> None:
    """Index, then ask."""
    dice = random.Random(0)
    texts = labels(n, dice)
    began = time.perf_counter()
    index(texts).save(work / "names")
    size = sum(file.stat().st_size for file in (work / "names").iterdir())
    print(f"{n:,} labels indexed in {time.perf_counter() - began:.0f} s, {size / 1e6:,.0f} MB of files")
    names = Names.load(work / "names")
    times, cpu = [], []
    for text in questions(texts, dice):
        began, busy = time.perf_counter(), time.process_time()
        form = fold(text)
        candidates = [*names.exact(form), *names.near(form)]
        max((_score(form, name) for name in candidates), default=0.0)
        times.append(1e3 * (time.perf_counter() - began))
        cpu.append(1e3 * (time.process_time() - busy))
    for told, measured in (("wall", times), ("processor", cpu)):
        low, middle, high = np.percentile(measured, [50, 95, 99])
        print(f"a question, {told}: p50 {low:.1f} ms, p95 {middle:.1f} ms, p99 {high:.1f} ms")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
