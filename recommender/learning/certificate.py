"""The certificate of a model: which items are filtered, so that few in a list are unwanted; a file of its own."""

from pathlib import Path

from pydantic import BaseModel

from kg.errors import ModelError

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
    filtered: tuple[str, ...]
    """``Type:id`` of the items that are filtered."""

    def of_now(self, snapshot: str) -> bool:
        """Whether it was tested on the lists of a graph, so far as is known: by its hash."""
        return self.snapshot in ("", snapshot)


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
