"""Offers: what is told of sums that go to partners and come from them, and the list of what was sent."""

import json
import secrets
from contextlib import suppress
from pathlib import Path

import numpy as np
from pydantic import Field

from kg.document import parsed_json
from kg.errors import WorkspaceError
from kg.k_anonymity import shown_count
from kg.snapshot.partner_sums import PartnerSums, read_partners
from kg.snapshot.snapshot import PARTNERS, Snapshot
from kg.workspace.workspace import Workspace
from recommender.results.document import Result
from recommender.texts.languages import language
from whyrec.reports import MadeOffer, Partner

LEDGER, MAKER = "offers.json", "maker.txt"


class OfferReport(Result):
    """The answer of ``federate offer``."""

    name: str
    to: str
    file: str | None
    """``None`` after a dry run."""
    fingerprint: str | None
    bytes: int
    k: int
    people: int | str
    items: int
    attributes: int
    pairs_of_items: int
    pairs_with_attributes: int
    learns: list[str]
    """What the partner learns, line by line; there is nothing else in the file."""
    next: str


class AcceptReport(Result):
    """The answer of ``federate accept``."""

    partner: Partner
    fingerprint: str
    replaced: bool
    dry_run: bool
    learns: list[str]
    """What this workspace now knows of the partner's people."""
    next: str
    notices: list[str] = Field(default_factory=list)


def sent_before(workspace: Workspace, lang: str = "en") -> list[str]:
    """What is to be said to whoever forgets somebody: sums were sent that she may be part of."""
    made = offers(workspace.folder)
    if not made:
        return []
    words = {"n": len({one.to for one in made}), "at": made[-1].at, "k": min(one.k for one in made)}
    return [language(lang).section("federation")["sent_before"].format(**words)]


def offers(folder: Path) -> list[MadeOffer]:
    """The offers that a workspace made, the first first.

    :raises WorkspaceError: where the list is damaged.
    """
    try:
        return [MadeOffer.model_validate(one) for one in parsed_json((folder / PARTNERS / LEDGER).read_bytes())]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError):
        raise WorkspaceError(
            f"{folder / PARTNERS / LEDGER}: the list of what was sent to partners is damaged; restore it from a copy"
        ) from None


def maker(folder: Path, *, make: bool) -> str:
    """By which a partner knows files of one company for such, whatever it calls itself: by lot, once; empty before.

    :param make: whether to draw it where there is none.
    """
    path = folder / PARTNERS / MAKER
    with suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    if not make:
        return ""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{secrets.token_hex(8)}\n", encoding="ascii")
    return path.read_text(encoding="ascii").strip()


def remember_offer(folder: Path, made: MadeOffer) -> None:
    """Note an offer in a workspace."""
    (folder / PARTNERS).mkdir(exist_ok=True)
    known = [one.model_dump() for one in (*offers(folder), made)]
    pending = folder / PARTNERS / f".{LEDGER}"
    pending.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    pending.replace(folder / PARTNERS / LEDGER)


def partners(workspace: Workspace, snapshot: Snapshot) -> list[Partner]:
    """The partners whose sums count, by name."""
    return [partner_of(workspace, snapshot, one) for one in read_partners(workspace.folder)]


def partner_of(workspace: Workspace, snapshot: Snapshot, sums: PartnerSums) -> Partner:
    """What is to be said of a partner's sums over the graph of a snapshot."""
    k, schema = workspace.settings.privacy.k, snapshot.schema
    named = {name for name, entity in schema.entity.items() if not entity.sensitive}
    split = [one.partition(":") for one in sums.ids]
    known = np.array(
        [kind in named and snapshot.vocabulary.get(kind, key) is not None for kind, _, key in split], dtype=bool
    )
    used = known[sums.first] & known[sums.second] & (sums.people >= k)
    return Partner(
        name=sums.name,
        at=sums.at,
        k=sums.k,
        people=shown_count(sums.everybody, sums.k),
        pairs=len(sums.people),
        used=int(np.count_nonzero(used)),
        known=int(np.count_nonzero(known)),
        unknown=int(np.count_nonzero(~known)),
    )
