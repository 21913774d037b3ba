"""The certificate of a model: which items are filtered, so that few in a list are unwanted; a file of its own."""

import json
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel

from kg.errors import ModelError
from recommender.rules.rule_set import Rules

FILE = "certificate.json"


class Certificate(BaseModel, frozen=True):
    """What was tested: at most ``alpha`` of a list of ``n`` is unwanted, expected, with confidence ``1 − delta``."""

    alpha: float
    delta: float
    below: float
    """What a person weighted (rated) at most so much is unwanted."""
    n: int
    people: int | str
    """On whose ratings that were held out it was tested; in steps of k."""
    risk: float
    """Share of the tested lists that was unwanted under the filter."""
    risk_without: float
    """And without any filter."""
    snapshot: str = ""
    """The graph that it was tested on; of an earlier version it is not known."""
    rules: str = ""
    """The rules that it was tested under, by :func:`rules_hash`; of an earlier version they are not known."""
    filtered: tuple[str, ...]
    """``Type:id`` of the items that are filtered."""

    def told_as(self, snapshot: str, rules: Rules) -> str:
        """Name of the text that says what it promises of lists, by the hash of their graph and their rules: whether it
        was tested on such, so far as is known."""
        if self.snapshot not in ("", snapshot):
            return "certified_before"
        return "certified" if self.rules in ("", rules_hash(rules)) else "certified_other_rules"


@lru_cache(maxsize=64)
def rules_hash(rules: Rules) -> str:
    """What tells rules from others that make other lists; a domain chooses among what was tested."""
    told = rules.model_dump(mode="json", exclude_defaults=True, exclude={"domain"})
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def read_certificate(folder: Path) -> Certificate | None:
    """The certificate of a model folder; ``None`` without one.

    :raises ModelError: where it is damaged.
    """
    try:
        return Certificate.model_validate_json((folder / FILE).read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        raise ModelError(f"{folder / FILE}: damaged; run `whyrec certify` to make it anew") from None


def save_certificate(folder: Path, certificate: Certificate | None) -> None:
    """Write it in one step; ``None``: the file goes."""
    if certificate is None:
        (folder / FILE).unlink(missing_ok=True)
        return
    folder.mkdir(parents=True, exist_ok=True)
    pending = folder / f".{FILE}"
    pending.write_text(certificate.model_dump_json(indent=1), encoding="utf-8")
    pending.replace(folder / FILE)
