"""String arrays: what is looked for is found, however many strings there are."""

from bisect import bisect_left
from random import Random

import numpy as np
import pytest

from kg.snapshot.string_array import SAMPLE, StringArray


@pytest.mark.parametrize("count", [0, 1, 2, SAMPLE - 1, SAMPLE, SAMPLE + 1, 2 * SAMPLE - 1, 2 * SAMPLE, 5 * SAMPLE + 7])
def test_a_string_is_found_and_the_first_after_one_that_is_not_there(count: int) -> None:
    random = Random(count)
    texts = sorted({f"u{random.randrange(10**6)}é" for _ in range(count)}, key=str.encode)
    parts = [text.encode() for text in texts]
    offsets = np.cumsum([0, *map(len, parts)], dtype=np.int64)
    array = StringArray(np.frombuffer(b"".join(parts), dtype=np.uint8), offsets, np.ones(len(parts), dtype=bool))
    assert [array.search(text) for text in texts] == list(range(len(texts)))
    others = [b"", b"v", *(f"u{random.randrange(10**6)}".encode() for _ in range(500))]
    assert [array.lower_bound(one) for one in others] == [bisect_left(parts, one) for one in others]
