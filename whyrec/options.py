"""The options of a list by name, for editors and type checkers; unknown names are refused with the nearest."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from operator import index
from pathlib import Path
from typing import Any, Literal, TypedDict, TypeVar

from kg.document import nearest, parse
from kg.errors import UsageError, WorkspaceError
from kg.money import read_rates
from kg.workspace.workspace import CONFIGURATION, Workspace
from recommender.rules.domain import default_mix
from recommender.rules.rule_set import Rules

T = TypeVar("T")
ASKED = 256
"""Rules as they were asked for that are kept ready."""


class RuleOptions(TypedDict, total=False):
    """Hard rules, on top of those of the workspace, of what each user avoids and of minimum ages."""

    avoid: Sequence[str]
    """``relation:ID`` or ``Type:ID``: no item with this triple, or with any to this entity."""
    max_price: float | str | None
    min_price: float | str | None
    """Bounds of the property ``price``, 0 or more, in its currency or in one that is named: ``"30 GBP"``."""
    rates: Sequence[str] | str
    """What currencies are worth: a CSV file with ``currency`` and ``rate``, or ``GBP=1.17``."""
    in_stock: bool
    """Only items in stock."""
    only: Sequence[str]
    """``relation:ID``: only items with this triple; of one relation either, of several all."""
    language: Sequence[str] | str
    """Only items in one of these languages."""
    age: float | None
    """Age of the user in years; nothing with a higher ``min_age``."""
    unknown: str | None
    """What becomes of items of which a rule cannot tell: ``drop`` or ``keep``."""
    mix: Mapping[str, float] | Sequence[str]
    """Domain → part of a list over all domains, in [0, 1], for users who used nothing of it."""
    fill: bool
    """Of a domain that somebody used nothing of, also what nothing leads to, if popular."""
    boost: Sequence[str]
    """Expressions over properties and triples, ``30% price < 20``: raise the score of such items by a part of it."""
    bury: Sequence[str]
    """Likewise, lower it."""
    pin: Sequence[str]
    """Items that stand first, in this order."""
    quota: Sequence[str]
    """``30% EXPR``: at least so much of the list, as far as there is any."""


class DomainOptions(RuleOptions, total=False):
    """Rules, and the domain of the items."""

    domain: str | None
    """Only items of this domain; of all where absent."""


class ManyOptions(RuleOptions, total=False):
    """Rules, and what is told of many lists."""

    reasons: int
    """How many reasons of each item; with any, the parts of its score are told too."""
    lang: str
    """Language of the reasons."""


class ListFileOptions(ManyOptions, total=False):
    """The same, and how a file of many lists is made."""

    force: bool
    """Write over a file that is something else than such lists."""
    engine: Literal["local", "spark"]
    """What makes them, ``local`` processes or ``spark``; the same bits."""
    master: str | None
    """Of Spark: ``spark://host:7077``, ``local[2]``; this machine where absent."""


class ListOptions(RuleOptions, total=False):
    """Rules, and how the list is arranged after scoring."""

    diversity: float
    """In [0, 1]: how much items are to differ from each other; 0 is by score alone."""
    max_per: Sequence[str]
    """``relation:N``: at most N items per brand, category …"""
    reader: str
    """Who reads the reasons: ``customer``, ``staff`` or ``analyst``."""
    reasons: str
    """What each reason is chosen for: varied, strongest, recent, popular, balanced."""
    path_quality: float
    """In [0, 1]: how much the quality of the reasons counts beside the score."""


class AudienceOptions(TypedDict, total=False):
    """Of whom an audience is, besides the one entity."""

    items: Sequence[str]
    """Ids or names of items instead of the entity, called ``name``."""
    name: str
    domain: str | None
    """Whose lists of ten are looked at; all items compete where absent."""
    lang: str
    """Language of labels and texts."""


def taken(kind: type[T], options: Mapping[str, object]) -> tuple[T, dict[str, Any]]:
    """An object of the options that are its fields, and the rest.

    :param kind: a dataclass; lists become tuples.
    """
    mine = _names(kind)  # type: ignore[arg-type]  # a class has a hash
    chosen = {key: tupled(value) for key, value in options.items() if key in mine}
    return kind(**chosen), {key: value for key, value in options.items() if key not in mine}


def made(kind: type[T], options: Mapping[str, object], **given: Any) -> T:
    """An object of options and what is given besides.

    :param kind: a dataclass; lists become tuples.
    :raises TypeError: for an unknown option, naming the nearest.
    """
    known = [name for name in _names(kind) if name not in given]  # type: ignore[arg-type]  # as above
    return kind(**checked(options, known), **given)


@lru_cache(maxsize=64)
def _names(kind: type) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind))


def checked(options: Mapping[str, object], known: Collection[str]) -> dict[str, Any]:
    """Options, all of which have to be known.

    :raises TypeError: for an unknown option, naming the nearest, as Python does for an unknown keyword.
    """
    for key in options:
        if key not in known:
            raise TypeError(f"unknown option {key!r}; {nearest(key, list(known))}")
    return {key: tupled(value) for key, value in options.items()}


def whole_number(name: str, value: Any, low: int = 1, high: int | None = None) -> int:
    """A number that counts something, of NumPy or of Python.

    :raises UsageError: for what is none, or is out of its range, naming the option.
    """
    try:
        found = index(value)
    except TypeError:
        raise UsageError(f"`{name}` {value!r}: expected a whole number") from None
    if found < low or (high is not None and found > high):
        raise UsageError(f"`{name}` {found}: expected " + (f"{low} or more" if high is None else f"{low} to {high}"))
    return found


def rules_of(workspace: Workspace, asked: Mapping[str, Any], then: Mapping[str, Any] | None = None) -> Rules:
    """The rules of a workspace, and on top of them those that are asked for, by name.

    :param then: the ``[rules]`` that the workspace had once; those of now where absent.
    :raises WorkspaceError: for a wrong key or value in ``whyrec.toml``.
    :raises UsageError: for a wrong value asked for.
    """
    origin = f"{workspace.folder / CONFIGURATION}: rules"
    mix = default_mix(workspace.schema.domains) | workspace.settings.recommend.mix
    own = Rules(mix=tupled(mix)).over(
        parse(Rules, dict(workspace.settings.rules if then is None else then), origin, WorkspaceError)
    )
    return asked_rules(asked).over(_with_rates(own, workspace.folder))


def asked_rules(asked: Mapping[str, Any]) -> Rules:
    """Rules that are asked for, by name; files of rates are looked for where one stands.

    :raises UsageError: for a wrong value.
    """
    return _with_rates(Rules.asked(asked), Path())


def rules_over(house: Rules, asked: Mapping[str, Any]) -> Rules:
    """Rules that are asked for, on top of those that hold for everybody; made once where the same are asked for again.

    :raises UsageError: for a wrong value.
    """
    if asked.get("rates"):  # files may have changed
        return asked_rules(asked).over(house)
    try:
        return _rules_over(house, tuple(asked.items()))
    except TypeError:  # of a value that has no hash
        return asked_rules(asked).over(house)


@lru_cache(maxsize=ASKED)
def _rules_over(house: Rules, asked: tuple[tuple[str, Any], ...]) -> Rules:
    return asked_rules(dict(asked)).over(house)


def _with_rates(rules: Rules, folder: Path) -> Rules:
    """Rules with the rates themselves in place of the files that hold them, relative to a folder."""
    if not rules.rates:
        return rules
    read = [[text] if "=" in text else _texts(read_rates(folder / text)) for text in rules.rates]
    return rules.model_copy(update={"rates": tuple(one for texts in read for one in texts)})


def _texts(rates: Mapping[str, float]) -> list[str]:
    return [f"{code}={rate!r}" for code, rate in rates.items()]


def tupled(value: Any) -> Any:
    """A list as a tuple, a mapping as one of ``key=value`` texts, anything else as it is."""
    if isinstance(value, Mapping):
        return tuple(f"{key}={one}" for key, one in value.items())
    return tuple(value) if isinstance(value, list) else value
