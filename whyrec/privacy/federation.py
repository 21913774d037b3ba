"""Federation: companies that may not pool rows tell each other sums over their people, one encrypted file each way.

What people used together is a sum over people: kernels of both companies come from the sum of the two. Between two,
masks would hide nothing – whoever takes her own part from the sum has the other's –, so what protects people is that no
number is of fewer than k of them, that all are rounded down to steps, and that nobody is matched with anybody. For the
same reason sums are bounded by k before they are added and not after: of a joint number of five, four of whom are her
own, the reader would know one person of the other's (``benchmarks/federation_attack.py`` counts such pairs).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from kg.errors import UsageError, WorkspaceError
from kg.k_anonymity import shown_count
from kg.privacy.seal_key import MAGIC, decrypted, public_key, recipient, sealed_value, told_key
from kg.progress import Progress
from kg.snapshot.partner_sums import NAME, PartnerSums, partner_file, read_partners
from kg.snapshot.snapshot import PARTNERS, Snapshot
from kg.workspace.output_file import check_output, starts_with
from kg.workspace.permissions import private_files
from kg.workspace.workspace import Workspace
from recommender.catalogue.shared_use.counting import MOST_ITEMS, SharedUse
from recommender.catalogue.shared_use.nested import nested_use
from recommender.texts.languages import language
from whyrec.answering.opening import refreshed
from whyrec.privacy.offers import AcceptReport, OfferReport, maker, offers, partner_of, remember_offer
from whyrec.reports import MadeOffer

KEY_VARIABLE = "WHYREC_FEDERATE_KEY"
AGE = starts_with(MAGIC)


@dataclass(frozen=True)
class Offer:
    """What is to be offered.

    ``to``: the partner's public key; ``out``: the file; ``name``: what the partner is to call this company; ``k``:
    fewest people that a number may be of, the workspace's where absent.
    """

    to: str
    out: Path | None = None
    name: str | None = None
    k: int | None = None
    dry_run: bool = False
    force: bool = False
    lang: str = "en"


class HowToOffer(TypedDict, total=False):
    """The fields of :class:`Offer`, but for whom it is and where it goes."""

    name: str | None
    k: int | None
    dry_run: bool
    force: bool
    lang: str


def own_key() -> str:
    """The public key that partners encrypt to.

    :raises UsageError: where ``WHYREC_FEDERATE_KEY`` holds no secret key.
    """
    return public_key(KEY_VARIABLE)


@private_files()
def offer(workspace: Workspace, snapshot: Snapshot, asked: Offer) -> OfferReport:
    """Write the sums over everybody in a snapshot to an encrypted file, and note that in the workspace.

    :raises UsageError: for no key, no file, a k below that of the workspace or of other steps than files before, a
        name that cannot be one, or where nothing was used by k people.
    """
    least = workspace.settings.privacy.k
    k, name = least if asked.k is None else asked.k, asked.name or snapshot.schema.name
    if k < least:
        raise UsageError(f"`k` {k}: nothing that leaves may rest on fewer than {least} people ([privacy] k)")
    _check_name(name)
    if asked.out is None and not asked.dry_run:
        raise UsageError("`out` names the file that is sent to the partner, such as offer.age")
    if asked.out is not None:
        check_output(asked.out, AGE, workspace, asked.force)
    found = nested_use(snapshot, k, min([one.k for one in offers(workspace.folder)], default=k))
    if not found.pairs.shape[1]:
        raise UsageError(
            f"no two things were used by {k} people both, so there is nothing that may be sent; load more data, or "
            "lower [privacy] k in whyrec.toml where that is right for your people"
        )
    sums = _sums(snapshot, found, (name, maker(workspace.folder, make=not asked.dry_run)), k)
    content = sealed_value(sums.to_bytes(), _reader(asked.to))
    print_ = sha256(content).hexdigest()
    if asked.out is not None and not asked.dry_run:
        _write(asked.out, content)
        made = MadeOffer(at=sums.at, to=asked.to, k=k, pairs=found.pairs.shape[1], fingerprint=print_)
        remember_offer(workspace.folder, made)
    texts = language(asked.lang).section("federation")
    sent = asked.out is not None and not asked.dry_run
    return OfferReport(
        name=name,
        to=asked.to,
        file=str(asked.out) if sent else None,
        fingerprint=print_ if sent else None,
        bytes=len(content),
        k=k,
        people=shown_count(found.everybody, k),
        items=found.items,
        attributes=len(found.things) - found.items,
        pairs_of_items=found.of_items,
        pairs_with_attributes=found.pairs.shape[1] - found.of_items,
        learns=_learns(sums, found.items, found.of_items, asked.lang, made_here=True),
        next=texts["next_offer"].format(file=asked.out) if sent else texts["next_dry"],
    )


def _offered(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as problem:
        wanted = "name the file that the partner's `whyrec federate offer` wrote"
        raise UsageError(f"{file}: cannot be read: {problem.strerror}; {wanted}") from None


@private_files()
def accept(
    workspace: Workspace, file: Path, progress: Progress, *, dry_run: bool = False, lang: str = "en"
) -> AcceptReport:
    """Take over the sums of a partner: a snapshot with them is the next generation, and ``train`` weighs them.

    :raises UsageError: for a missing or another key, a file that is not there, or the workspace's own offer.
    :raises ReadError: where it holds no such sums.
    """
    content = _offered(file)
    fingerprint = sha256(content).hexdigest()
    if any(one.fingerprint == fingerprint for one in offers(workspace.folder)):
        raise UsageError(f"{file}: this workspace made it itself; send it to the partner, and accept the partner's")
    packed = decrypted(content, str(file), KEY_VARIABLE)
    sums = PartnerSums.from_bytes(packed, str(file))
    partner = partner_of(workspace, workspace.snapshot(), sums)
    texts = language(lang).section("federation")
    if not partner.known:
        raise UsageError(
            f"{file}: not one of the ids of {sums.name} ({len(sums.ids):,}) is in your graph, such as {sums.ids[:1]}; "
            "agree on shared ids of items, brands or ingredients (INCI), and load them"
        )
    _check_alone(workspace.folder, sums, file)
    target = partner_file(workspace.folder, sums.name)
    replaced = target.exists()
    _check_newer(workspace.folder, sums, file)
    if not dry_run:
        target.parent.mkdir(exist_ok=True)
        pending = target.with_name(f".{target.name}")
        pending.write_bytes(packed)
        pending.replace(target)
        refreshed(workspace, progress, anew=True)
    items = _items(workspace, sums)
    of_items = int(np.count_nonzero(np.array([items[one] for one in sums.first.tolist()], dtype=bool)))
    return AcceptReport(
        partner=partner,
        fingerprint=fingerprint,
        replaced=replaced,
        dry_run=dry_run,
        learns=_learns(sums, sum(items), of_items, lang),
        next=texts["next_dry" if dry_run else "next_accept"],
        notices=[] if partner.used else [texts["nothing_used"].format(k=workspace.settings.privacy.k)],
    )


@private_files()
def remove(workspace: Workspace, name: str, progress: Progress) -> None:
    """Let the sums of a partner count no longer.

    :raises UsageError: where there is no such partner, with those there are.
    """
    target = partner_file(workspace.folder, name) if NAME.fullmatch(name) else None
    if target is None or not target.exists():
        known = ", ".join(path.stem for path in sorted((workspace.folder / PARTNERS).glob("*.npz")))
        raise UsageError(f"no partner {name!r}; known: {known or 'none'}")
    target.unlink()
    refreshed(workspace, progress, anew=True)


def _sums(snapshot: Snapshot, found: SharedUse, whose: tuple[str, str], k: int) -> PartnerSums:
    ids = tuple(f"{kind}:{snapshot.vocabulary.id(kind, idx)}" for kind, idx in found.things)
    first, second = (found.pairs[end].astype(np.int32) for end in (0, 1))
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return PartnerSums(whose[0], k, found.everybody, at, ids, found.used, first, second, found.pairs[2], whose[1])


def _items(workspace: Workspace, sums: PartnerSums) -> list[bool]:
    """Which of the ids are of items."""
    return [one.partition(":")[0] in workspace.schema.item_types for one in sums.ids]


def _learns(sums: PartnerSums, items: int, of_items: int, lang: str, *, made_here: bool = False) -> list[str]:
    """What whoever reads the file learns.

    :param made_here: whether it is known how the numbers were made.
    """
    told = language(lang)
    texts, number = told.section("federation"), told.number
    words = {
        "name": told.quoted(sums.name),
        "k": sums.k,
        "people": shown_count(sums.everybody, sums.k),
        "items": number(items),
        "attributes": number(len(sums.ids) - items),
        "pairs": number(of_items),
        "more": number(len(sums.people) - of_items),
        "most": MOST_ITEMS,
    }
    keys = ["learns_people", "learns_items", "learns_pairs"]
    keys += ["learns_attributes"] if len(sums.ids) > items else []
    keys += ["learns_steps", *(["learns_bounds"] if made_here else []), "learns_never", "learns_again"]
    return [texts[one].format(**words) for one in keys]


def _reader(key: str) -> Any:
    """The public key of whoever is to read an offer."""
    try:
        return recipient(key)
    except WorkspaceError:
        raise UsageError(
            f"`to` {told_key(key)} is no public key of age (age1…); the partner's `whyrec federate key` prints it"
        ) from None


def _check_newer(folder: Path, sums: PartnerSums, file: Path) -> None:
    """Let no file of once, sent again by whoever kept it, take the place of a later one."""
    later = [one.at for one in read_partners(folder) if one.name == sums.name and one.at > sums.at]
    if later:
        raise UsageError(
            f"{file}: made on {sums.at}, and {sums.name} counts with sums of {later[0]} already; ask the partner for a "
            "newer file, or say `whyrec federate remove` first"
        )


def _check_alone(folder: Path, sums: PartnerSums, file: Path) -> None:
    """Let nobody's people count twice, whatever the company calls itself."""
    for one in read_partners(folder):
        if one.name != sums.name and ((sums.maker and one.maker == sums.maker) or one.same_numbers(sums)):
            raise UsageError(
                f"{file}: {sums.name} are the people of {one.name}, who count here already and would count twice; say "
                f'`whyrec federate remove "{one.name}"` first where the company is called {sums.name} now'
            )


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise UsageError(
            f"`name` {name!r}: a company is named by up to 64 letters, digits, spaces and . & - _, beginning with a "
            "letter or digit"
        )


def _write(path: Path, content: bytes) -> None:
    pending = path.with_name(f".{path.name}")
    try:
        pending.write_bytes(content)
        pending.replace(path)
    except OSError as problem:
        raise UsageError(f"{path}: cannot be written: {problem.strerror}") from None
