"""Tools about groups of people and about the shop: whom something is for, what leads to it, what is missing."""

from collections.abc import Callable
from typing import Literal

from whyrec.engine import Engine
from whyrec.service.tool_answers import LARGEST, Lang, Named, ToolAnswer


def _audience(engine: Engine) -> Callable[..., ToolAnswer]:
    def audience(entity: str, lang: Lang = "en") -> ToolAnswer:
        """Who uses a brand, an item, an ingredient … and who would; counts in steps, never of single people."""
        found = engine.audience(entity, lang=lang)
        return ToolAnswer(text=found.text, shares={one.label: one.share for one in found.segments})

    return audience


def _gaps(engine: Engine) -> Callable[..., ToolAnswer]:
    def gaps(domain: str | None = None, n: int = 5, lang: Lang = "en") -> ToolAnswer:
        """What should be taught or made next, verified by ranking an item that is not there."""
        found = engine.gaps(domain, n=n, lang=lang)
        items = [
            Named(id=one.entity.id, type=one.entity.type, label=one.entity.label, text=one.brief) for one in found.gaps
        ]
        return ToolAnswer(text=found.text, items=items)

    return gaps


def _bridge(engine: Engine) -> Callable[..., ToolAnswer]:
    def bridge(entity: str, domain: str | None = None, n: int = 5, lang: Lang = "en") -> ToolAnswer:
        """The items of another domain that lead people to a brand, an item, an ingredient …, and by what."""
        found = engine.bridge(entity, domain=domain, n=n, lang=lang)
        items = [Named(id=one.id, type=one.type, label=one.label, text=one.text) for one in found.bridges]
        return ToolAnswer(text=found.text, items=items)

    return bridge


def _item(engine: Engine) -> Callable[..., ToolAnswer]:
    def item(item: str, lang: Lang = "en") -> ToolAnswer:
        """Why an item is recommended so often, or never, what keeps it out, and which change of it, a hypothetical one,
        would bring it to more people."""
        found = engine.item(item, lang=lang)
        named = Named(id=found.item.id, type=found.item.type, label=found.item.label)
        told = [f"{found.rules[name]}: {people}" for name, people in found.excluded.items()]
        return ToolAnswer(
            text=" ".join((found.text, "; ".join(told))).strip(),
            items=[named, *(Named(id=one.id, type=one.type, label=one.label) for one in found.ahead)],
            shares={one.text: one.share for one in found.reasons},
        )

    return item


def _overview(engine: Engine) -> Callable[..., ToolAnswer]:
    def overview(days: int = 90, lang: Lang = "en") -> ToolAnswer:
        """The shop at a glance: coverage, reasons by kind, what is new and trending in the last days, what is stale."""
        found = engine.overview(days=days, lang=lang)
        stale = [f"{one.part}: {one.text}" for one in found.stale[:LARGEST]]
        items = [
            Named(id=one.entity.id, type=one.entity.type, label=one.entity.label, text=f"× {one.growth:.1f}")
            for one in (*found.new, *found.trending)
        ]
        shares = {
            f"{one.domain_text}: {reason.text or reason.kind}": reason.share or 0.0
            for one in found.domains
            for reason in one.reasons[:LARGEST]
        }
        return ToolAnswer(text=" ".join((found.text, "; ".join(stale))).strip(), items=items, shares=shares)

    return overview


def _private(engine: Engine) -> Callable[..., ToolAnswer]:
    def private(
        question: Literal["audience", "bridge", "gaps", "item", "overview"],
        entity: str | None = None,
        domain: str | None = None,
        epsilon: float | None = None,
        lang: Lang = "en",
    ) -> ToolAnswer:
        """One of the shop's questions in numbers with noise (differential privacy), which may leave the house. A call
        spends of the budget of the day, which all who ask share: ask once. It is refused where that does not reach."""
        found = engine.private(question, entity, domain=domain, epsilon=epsilon, lang=lang)
        items = [
            Named(id=one.id, type=one.type, label=one.label, text=f"{table.title}: {one.people} ({one.low}–{one.high})")
            for table in found.tables
            for one in table.counts
            if isinstance(one.people, int)
        ]
        return ToolAnswer(text=f"{found.text} {found.left_out}", items=items)

    return private


SHOP_TOOLS = (_audience, _bridge, _gaps, _item, _overview, _private)
