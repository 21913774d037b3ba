"""A language: its texts, which are data, and its grammar, which is code.

Lists and numbers are those of the CLDR. They are written in the texts, and a test compares them with babel: babel
itself takes 60–80 ms to import and as long to read a locale, a sixth of what ``whyrec recommend`` takes as a process.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any, ClassVar

from kg.counting import by_place
from kg.one_line import one_line

Section = Mapping[str, str]
THOUSANDS = re.compile(r"(?<=\d)(?=(?:\d{3})+$)")


@dataclass(frozen=True)
class Notice:
    """Something to be told that is no part of an answer: ``key`` of its text, and what stands in its places."""

    key: str
    values: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, key: str, **values: object) -> "Notice":
        """A notice with its values by name."""
        return cls(key, tuple((name, str(value)) for name, value in values.items()))


class Text(str):
    """A text with places: ``{n} [item is|items are]`` says what fits to the number in the place before it."""

    def format(self, *args: object, **values: object) -> str:
        """The text with its places filled."""
        return str.format(by_place(self, values), *args, **values)


def _numbered(node: Any) -> Any:
    """Texts, and all in tables of them, as :class:`Text`."""
    if isinstance(node, dict):
        return {name: _numbered(one) for name, one in node.items()}
    return Text(node) if isinstance(node, str) and "|" in node and "[" in node else node


class Language:
    """One language; a subclass holds the grammar that is its own.

    :cvar code: ISO 639-1; the texts are ``<code>.toml`` beside this file.
    :cvar gap: what parts two sentences.
    :cvar counts_all: whether “A and 3 more” counts all four.
    """

    code: ClassVar[str]
    gap: ClassVar[str] = " "
    counts_all: ClassVar[bool] = False

    @cached_property
    def texts(self) -> Mapping[str, Any]:
        """All texts, by section."""
        found = tomllib.loads((files(__package__) / f"{self.code}.toml").read_text(encoding="utf-8"))
        return {name: _numbered(section) for name, section in found.items()}

    def section(self, name: str) -> Section:
        """The texts of one section, with places in braces."""
        found: Section = self.texts[name]
        return found

    def rule(self, name: str) -> Section:
        """What is said of a rule, by its name in the audit: ``audit``, ``excluded`` and ``about``."""
        found: Section = self.texts["rules"].get(name.partition(" ")[0]) or self.texts["rules"]["other"]
        return found

    def audit(self, name: str) -> str:
        """What a rule removed, by its name in the audit: ``over the price``, ``with contains:PARFUM, …``."""
        about = name.partition(" ")[2]
        return self.rule(name)["audit"].format(name=name, node=self.quoted(about))

    def soft_rule(self, kind: str, percent: float, about: str) -> str:
        """What a soft rule does, as a sentence that names it: ``Raised by 20% by the rule “made_by:Laneige”.``"""
        places = {"percent": self.section("lists")["percent"].format(n=f"{percent:g}"), "rule": self.quoted(about)}
        return self.sentence(self.capital(self.section("groups")[f"{kind}_rule"].format(**places)))

    def audit_line(self, excluded: Mapping[str, int]) -> str:
        """How many items each rule removed: ``12 already used, 3 over the price``."""
        tables = self.section("tables")
        told = (tables["left_out_one"].format(n=self.number(n), rule=self.audit(name)) for name, n in excluded.items())
        return tables["left_out"].format(rules=self.section("lists")["comma"].join(told))

    def with_variants(self, label: str, others: int) -> str:
        """What a list calls an item whose sizes and shades are merged into it: ``Peony Lipstick (+2 variants)``."""
        if not others:
            return label
        return self.section("tables")["one_variant" if others == 1 else "variants"].format(item=label, n=others)

    def notice(self, notice: Notice) -> str:
        """A notice in words."""
        return self.section("notices")[notice.key].format(**dict(notice.values))

    def quoted(self, label: str) -> str:
        """A label in quotation marks, as it stands within a sentence."""
        return self.section("phrasing")["quote"].format(one_line(label))

    def listed(self, names: Sequence[str]) -> str:
        """“A”, “B” and “C”."""
        if len(names) < 2:
            return "".join(names)
        lists = self.section("lists")
        return lists["comma"].join(names[:-1]) + lists["and"] + names[-1]

    def some(self, names: Sequence[str], total: int) -> str:
        """A few of a total, by name: “A”, “B” and 3 more."""
        if total <= len(names):
            return self.listed(names)
        lists = self.section("lists")
        n = total if self.counts_all else total - len(names)
        return lists["some"].format(names=lists["comma"].join(names), n=self.number(n))

    def sentence(self, text: str) -> str:
        """A text closed."""
        return text + self.section("phrasing")["end"]

    def unclosed(self, text: str) -> str:
        """A sentence without what closes it."""
        return text.removesuffix(self.section("phrasing")["end"])

    def sentences(self, texts: Sequence[str]) -> str:
        """Sentences one after another."""
        return self.gap.join(text for text in texts if text)

    def inside(self, text: str) -> str:
        """A sentence as part of another."""
        return text[:1].lower() + text[1:]

    def capital(self, text: str) -> str:
        """A part of a sentence as its beginning."""
        return text[:1].upper() + text[1:]

    def number(self, value: int) -> str:
        """12,345."""
        return THOUSANDS.sub(self.section("lists")["thousands"], str(value))

    def percent(self, part: float) -> str:
        """A part of a whole: ``12 %`` of .123; never more than all of it, and what is there is not nothing."""
        lists = self.section("lists")
        if 0 < part < 0.005:
            return lists["under_percent"]
        return lists["percent"].format(n=round(100 * min(part, 1.0)))

    def concentration(self, found: Any) -> str:
        """What the most used tenth has, and how unequal uses and lists are, as a sentence.

        :param found: a :class:`recommender.results.responsibility.audit.DomainAudit`.
        """
        names = {"used_low": "gini_used_low", "used_high": "gini_used_high"}
        names |= {"lists_low": "gini_lists_low", "lists_high": "gini_lists_high"}
        names |= {name: name for name in ("gini_used", "gini_lists")}
        figures = {place: f"{getattr(found, name):.2f}" for place, name in names.items()}
        shares = {"used": self.percent(found.head_used), "lists": self.percent(found.head_lists)}
        return self.section("audit")["head"].format(**figures, **shares)

    def bubble(self, found: Any) -> str:
        """Whether what people use grows more alike, as a sentence.

        :param found: a :class:`recommender.results.responsibility.audit.Bubble`.
        """
        texts = self.section("audit")
        verdict = "same" if not found.sure else "narrower" if found.change < 0 else "wider"
        figures = {name: f"{getattr(found, name):.2f}" for name in ("early", "late", "lists")}
        signed = {name: f"{getattr(found, name):+.2f}" for name in ("change", "low", "high")}
        return texts["bubble"].format(verdict=texts[f"bubble_{verdict}"], people=found.people, **figures, **signed)

    def repair(self, tried: Any) -> str:
        """What was tried to close a gap.

        :param tried: a :class:`recommender.results.responsibility.audit.Repair`.
        """
        percent = None if tried.percent is None else f"{tried.percent:g}"
        n = None if tried.triples is None else self.number(tried.triples)
        return self.section("audit")[f"repair_{tried.kind}"].format(percent=percent, n=n, about=tried.about)

    def kind(self, entity_type: str) -> str:
        """A type as it is read: ``skin type`` of SkinType."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", entity_type).replace("_", " ").lower()

    def relative(self, phrase: str, position: int) -> tuple[str, str]:
        """How a phrase goes on from what was named before, at a place of a path: key of the text, and the phrase."""
        return ("which" if position == 1 else "latter"), phrase

    def further(self, phrase: str) -> str:
        """A phrase about something that was named before, and of which a phrase was told already."""
        return phrase

    def bare(self, phrase: str) -> str:
        """A phrase without what ties it to a word before it."""
        return phrase

    def repeats(self, *, used: bool) -> str | None:
        """A pronoun for what was just named, in what others did with it; ``None`` where it is to be named again.

        :param used: whether it is what the user used herself.
        """
        return self.section("phrasing")["it"]

    def of_item(self, kind: str) -> str:
        """The item asked about, where it was named before."""
        return self.section("phrasing")["this"].format(kind=self.kind(kind))

    def noun(self, entity_type: str) -> str:
        """What a thing of a type is called."""
        return str(self.section("kinds").get(entity_type) or self.section("kinds")["other"])

    def measure(self, entity_type: str) -> str:
        """What several of a type are counted as."""
        return str(self.section("measures").get(entity_type, self.section("measures")["other"]))

    def owned(self, phrase: str) -> str:
        """What somebody did, as it stands before, or after, what it was done with."""
        return phrase

    def habitual(self, phrase: str, *, one: bool) -> str:
        """What somebody did once as what is done again and again.

        :param one: whether a single person is spoken of, by a noun.
        """
        return phrase

    def past(self, phrase: str) -> str:
        """What somebody did, before how often."""
        return phrase

    def also(self, phrase: str) -> str:
        """A phrase of one more thing of which it holds."""
        return phrase

    def each(self, phrase: str) -> str:
        """A phrase of several things, of each of which it holds."""
        return phrase

    def both(self, phrase: str) -> str:
        """A phrase that is true of two things."""
        return phrase

    def own(self, phrase: str) -> bool:
        """Whether a phrase says what somebody is, not what she did."""
        return False
