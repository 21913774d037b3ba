"""All users' lists in blocks, written to Parquet."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from kg.errors import UsageError
from recommender.recommend import Recommender
from recommender.rules import Rules, RuleSet

BLOCK = 256
COLUMNS = pa.schema([("user_id", pa.string()), ("rank", pa.int32()), ("item_id", pa.string()), ("score", pa.float64())])


def recommend_all(
    recommender: Recommender,
    users: Sequence[tuple[str, int]],
    out: Path,
    rules: Rules,
    n: int,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write the lists of many users to a Parquet file with the columns user_id, rank, item_id, score.

    :param users: type and index of each user.
    :param progress: called with the number of users done, after each block.
    :returns: the number of rows written.
    :raises UsageError: where the file cannot be written.
    """
    ready = RuleSet(recommender.snapshot, recommender.catalogue, rules)
    pending = out.with_name(f".{out.name}.part")
    rows = 0
    try:
        with pq.ParquetWriter(pending, COLUMNS) as writer:
            for block in _blocks(users):
                table = _table(recommender, block, ready, n)
                writer.write_table(table)
                rows += table.num_rows
                if progress:
                    progress(len(block))
        pending.replace(out)
    except OSError as problem:
        raise UsageError(f"{out}: cannot be written: {problem.strerror or problem}") from None
    finally:
        pending.unlink(missing_ok=True)
    return rows


def _blocks(users: Sequence[tuple[str, int]]) -> Iterator[Sequence[tuple[str, int]]]:
    for start in range(0, len(users), BLOCK):
        yield users[start : start + BLOCK]


def _table(recommender: Recommender, block: Sequence[tuple[str, int]], rules: RuleSet, n: int) -> pa.Table:
    vocabulary, catalogue = recommender.snapshot.vocabulary, recommender.catalogue
    columns: dict[str, list[object]] = {name: [] for name in COLUMNS.names}
    for (user_type, idx), (positions, scores) in zip(block, recommender.rank_block(block, rules, n), strict=True):
        user_id = vocabulary.id(user_type, idx)
        for rank, (position, score) in enumerate(zip(positions.tolist(), scores.tolist(), strict=True), start=1):
            item_type, item = catalogue.item(position)
            for name, value in zip(COLUMNS.names, (user_id, rank, vocabulary.id(item_type, item), score), strict=True):
                columns[name].append(value)
    return pa.table(columns, schema=COLUMNS)
