"""Files of settings that are no such files end in one message."""

from pathlib import Path

import pytest

from kg.document import read_toml
from kg.errors import MappingError


@pytest.mark.parametrize("value", ["9" * 5000, "0x" + "f" * 5000, "[{ a = -9223372036854775809 }]"])
def test_a_number_beyond_64_bits_is_one_message(tmp_path: Path, value: str) -> None:
    """Python reads no whole number of more than 4,300 digits, and counts with none beyond 64 bits."""
    path = tmp_path / "whyrec.toml"
    path.write_text(f"n = {value}")
    with pytest.raises(MappingError, match=r"whyrec\.toml: holds a whole number that is too large"):
        read_toml(path, MappingError)
    path.write_text("n = [9223372036854775807, -9223372036854775808, true]")
    assert read_toml(path, MappingError)["n"][2] is True


@pytest.mark.parametrize("value", ["[" * 5000 + "]" * 5000, "{ a = " * 5000 + "1" + " }" * 5000])
def test_deep_nesting_is_one_message(tmp_path: Path, value: str) -> None:
    path = tmp_path / "whyrec.toml"
    path.write_text(f"n = {value}")
    with pytest.raises(MappingError, match="nested too deeply"):
        read_toml(path, MappingError)
