"""The cosmetic products of the example: names, formulas, prices, drawn from ``products.toml``."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kg.document import read_toml
from kg.example.ingredients import CATALOGUE, Ingredient, titled
from kg.example.sampling import Sampler

CALM = frozenset(["redness", "sensitivity"])
"""Concerns whose products are never perfumed."""
PRESERVATIVES = ("PHENOXYETHANOL", "ETHYLHEXYLGLYCERIN")
DRY_BASES = frozenset(["balm", "oil", "colour", "wax", "alcohol", "pure", "soap", "salt"])
"""Formulas without enough water to need a preservative."""


@dataclass(frozen=True)
class Product:
    """One row of ``products.csv.gz``, before it is written."""

    id: str
    name: str
    name_zh: str
    brand: str
    area: str
    price: float
    in_stock: bool
    skin_types: tuple[str, ...]
    concerns: tuple[str, ...]
    heroes: tuple[str, ...]
    ingredients: tuple[str, ...]
    inci: str
    """The ingredient list as the brand spells it."""


@dataclass(frozen=True)
class _Idea:
    """What a product is before it has a brand: names, concerns, featured ingredients."""

    name: str
    name_zh: str
    concerns: tuple[str, ...]
    heroes: tuple[str, ...]

    @property
    def words(self) -> frozenset[str]:
        """What the name says, in whatever order: no two products may say the same."""
        return frozenset(self.name.split()) - {"with"}


class ProductCatalogue:
    """Makes products that are all different in name."""

    def __init__(self, sampler: Sampler, ingredients: dict[str, Ingredient]) -> None:
        self._sampler, self._ingredients = sampler, ingredients
        self._words: dict[str, Any] = read_toml(CATALOGUE / "products.toml")
        self._brands: dict[str, dict[str, Any]] = read_toml(CATALOGUE / "attributes.toml")["brand"]
        self._targeted: Counter[str] = Counter()
        """How many products target a concern so far; rare ones are preferred."""
        self._styles = {"care": self._care, "duo": self._duo, "single": self._single, "shade": self._shade}

    def products(self) -> list[Product]:
        """All products; ids follow a random order, so that neighbours have nothing in common."""
        made: dict[frozenset[str], tuple[str, _Idea]] = {}
        for kind_name, kind in self._words["kind"].items():
            for _ in range(kind["n"]):
                idea = self._new(kind, made)
                made[idea.words] = (kind_name, idea)
                self._targeted.update(idea.concerns)
        pairs = self._sampler.shuffled(list(made.values()))
        return [self._finished(f"p{i:04}", *pair) for i, pair in enumerate(pairs, 1)]

    def _new(self, kind: dict[str, Any], made: dict[frozenset[str], tuple[str, _Idea]]) -> _Idea:
        style = self._styles[kind["style"]]
        idea = style(kind)
        while idea.words in made:
            idea = style(kind)
        return idea

    def _pool(self, kind: dict[str, Any]) -> list[Ingredient]:
        return [self._ingredients[inci] for name in kind["pool"].split("+") for inci in self._words["pool"][name]]

    def _care(self, kind: dict[str, Any]) -> _Idea:
        """A featured ingredient and what it is for: Niacinamide Balancing Serum."""
        draw = self._sampler
        pool = self._pool(kind)
        wanted = [c for c in dict.fromkeys(c for hero in pool for c in hero.helps_with) if self._fits(c, kind)]
        rarity = [1 / (2 + self._targeted[concern]) for concern in wanted]
        main = kind.get("always") or draw.sample(wanted, 1, rarity)[0]
        fit = pool if "always" in kind else [hero for hero in pool if main in hero.helps_with]
        heroes = draw.sample(fit, 2 if draw.chance(0.6) else 1)
        helped = dict.fromkeys(c for h in heroes for c in h.helps_with if c != main and self._fits(c, kind))
        concerns = [main, *draw.sample(list(helped), draw.between(0, 1))]
        benefit, benefit_zh = draw.pick(self._words["benefit"][main])
        name, name_zh = self._care_name(kind, heroes, benefit, benefit_zh)
        return _Idea(name, name_zh, tuple(concerns), tuple(h.id for h in heroes))

    def _care_name(
        self, kind: dict[str, Any], heroes: Sequence[Ingredient], benefit: str, benefit_zh: str
    ) -> tuple[str, str]:
        en, zh = heroes[0].hero
        strength = self._words["strength"].get(heroes[0].id)
        if strength and kind["en"] in ("Serum", "Ampoule") and self._sampler.chance(0.4):
            return f"{strength} {en} {benefit} {kind['en']}", f"{strength}{zh}{benefit_zh}{kind['zh']}"
        if len(heroes) == 2 and self._sampler.chance(0.45):
            (en, zh), (other, other_zh) = sorted(hero.hero for hero in heroes)
            return f"{en} & {other} {kind['en']}", f"{zh}{other_zh}{kind['zh']}"
        if self._sampler.chance(0.3):
            return f"{benefit} {kind['en']} with {en}", f"{benefit_zh}{zh}{kind['zh']}"
        return f"{en} {benefit} {kind['en']}", f"{zh}{benefit_zh}{kind['zh']}"

    def _duo(self, kind: dict[str, Any]) -> _Idea:
        """Two featured ingredients: Bergamot & Cedar Eau de Parfum."""
        first, second = sorted(self._sampler.sample(self._pool(kind), 2), key=lambda hero: hero.hero)
        name = f"{first.hero[0]} & {second.hero[0]} {kind['en']}"
        return self._idea(kind, name, f"{first.hero[1]}{second.hero[1]}{kind['zh']}", first, second)

    def _single(self, kind: dict[str, Any]) -> _Idea:
        """One ingredient and nothing else: Lavender Essential Oil."""
        hero = self._sampler.pick(self._pool(kind))
        return self._idea(kind, f"{hero.hero[0]} {kind['en']}", f"{hero.hero[1]}{kind['zh']}", hero)

    def _shade(self, kind: dict[str, Any]) -> _Idea:
        """A finish and a shade: Velvet Matte Lipstick in Rosewood."""
        finish = self._words["finish"][self._sampler.pick(kind["finishes"])]
        shade, shade_zh = self._sampler.pick(self._words["shade"][kind["shades"]])
        name, name_zh = f"{finish['en']} {kind['en']} in {shade}", f"{finish['zh']}{kind['zh']}（{shade_zh}）"
        return self._idea(kind, name, name_zh, self._ingredients[finish["hero"]])

    def _idea(self, kind: dict[str, Any], name: str, name_zh: str, *heroes: Ingredient) -> _Idea:
        helped = dict.fromkeys(c for hero in heroes for c in hero.helps_with if self._fits(c, kind))
        return _Idea(name, name_zh, tuple(helped)[:2], tuple(hero.id for hero in heroes))

    def _fits(self, concern: str, kind: dict[str, Any]) -> bool:
        """Whether a kind of product can be for a concern: nobody buys a shampoo against dry cheeks."""
        allowed: list[str] = self._words["concerns_of_area"][kind["area"]]
        return concern in kind.get("concerns", allowed)

    def _finished(self, product_id: str, kind_name: str, idea: _Idea) -> Product:
        draw = self._sampler
        kind = self._words["kind"][kind_name]
        brand = draw.pick([b for b, entry in self._brands.items() if kind["area"] in entry["areas"]])
        ingredients = self._formula(kind, idea)
        low, high = kind["price"]
        suited = dict.fromkeys(s for c in idea.concerns for s in self._words["suits"].get(c, ()))
        skin_types = tuple(suited)[:3] if kind["area"] in ("skin", "body", "make-up") else ()
        return Product(
            id=product_id,
            name=idea.name,
            name_zh=idea.name_zh,
            brand=brand,
            area=kind["area"],
            price=round(draw.uniform(low, high)) - draw.pick([0.01, 0.05, 0.1, 0.5]),
            in_stock=not draw.chance(0.06),
            skin_types=skin_types,
            concerns=idea.concerns,
            heroes=idea.heroes,
            ingredients=ingredients,
            inci=self._spelled(ingredients, idea, self._brands[brand]["spelling"]),
        )

    def _formula(self, kind: dict[str, Any], idea: _Idea) -> tuple[str, ...]:
        """INCI names in the order of a label: base, featured, extras, preservatives, perfume."""
        draw = self._sampler
        base = self._words["base"][kind["base"]]
        if kind["style"] == "single":
            return (*idea.heroes, *draw.sample(["LINALOOL", "LIMONENE"], draw.between(1, 2)))
        extras = draw.sample(self._words["extras"][kind["extras"]], draw.between(2, 4))
        formula = [*base[:2], *idea.heroes, *base[2:], *extras]
        if kind["base"] not in DRY_BASES:
            formula += PRESERVATIVES
        if not CALM & set(idea.concerns) and draw.chance(kind.get("parfum", 0.25)):
            formula += ["PARFUM", *draw.sample(["LIMONENE", "LINALOOL"], draw.between(0, 2))]
        return tuple(dict.fromkeys(formula))

    def _spelled(self, ingredients: Sequence[str], idea: _Idea, spelling: str) -> str:
        """An ingredient list as people type it: case by brand, now and then an asterisk, a strength, a double space."""
        names = [{"title": titled(name), "upper": name, "lower": name.lower()}[spelling] for name in ingredients]
        for i, name in enumerate(ingredients):
            if name.endswith((" OIL", " BUTTER")) and self._sampler.chance(0.3):
                names[i] += "*"
            elif name in idea.heroes and name in self._words["strength"] and self._sampler.chance(0.3):
                names[i] += f" ({self._words['strength'][name]})"
            elif " " in name and self._sampler.chance(0.04):
                names[i] = names[i].replace(" ", "  ", 1)
        return ", ".join(names)
