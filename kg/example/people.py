"""The people of the example: latent interests, profiles, and what the interests made them learn and buy.

An interest is a concern or a topic. Somebody interested in acne takes courses that address acne and buys products that
target it; somebody interested in perfumery takes perfumery courses and buys perfume. Favourite ingredients and brands,
what a course taught, and chance do the rest. Interests are never written to a file: finding them again is the task.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from kg.example.courses import Course
from kg.example.products import Product
from kg.example.sampling import Sampler

GROUPS = {"learner": 150, "buyer": 147, "both": 92, "profile": 8, "empty": 3}
"""How many people only learn, only buy, do both, have nothing but a profile, have nothing at all."""

AREA_OF_TOPIC = {
    "hair-care": "hair",
    "make-up": "make-up",
    "perfumery": "perfume",
    "aromatherapy": "aroma",
    "soap-making": "soap",
    "spa-massage": "body",
}
"""What people interested in a topic buy."""
TRADES = ("beauty-photography", "beauty-business", "programming", "bookkeeping", "formulation")
"""Topics that lead to no product."""
CONCERNS_OF_SKIN = {
    "oily": ("acne", "excess-oil"),
    "dry": ("dryness", "ageing"),
    "combination": ("excess-oil", "dullness", "uneven-tone"),
    "normal": ("sun-damage", "dullness", "puffy-eyes"),
    "sensitive": ("sensitivity", "redness"),
}
OTHER_CONCERNS = ("dandruff", "hair-damage", "everyday-stress", "ageing", "uneven-tone", "sun-damage")
AVOIDED = ("PARFUM", "ALCOHOL DENAT.", "LIMONENE", "PARAFFINUM LIQUIDUM", "SODIUM LAURETH SULFATE", "RETINOL")


@dataclass
class Person:
    """One person: what is written to ``users.csv`` and, below, what is only lived by."""

    id: str
    group: str
    skin_type: str = ""
    concerns: list[str] = field(default_factory=list)
    avoids: list[str] = field(default_factory=list)
    follows: list[str] = field(default_factory=list)
    enrolled: list[Course] = field(default_factory=list)
    purchased: list[Product] = field(default_factory=list)
    interests: dict[str, float] = field(default_factory=dict)
    """Concern or topic → strength; the first is the strongest."""


def make_people(
    sampler: Sampler, courses: Sequence[Course], products: Sequence[Product], brands: Sequence[str]
) -> list[Person]:
    """All people with their histories. Ids follow a random order of the groups; ``u0001`` does both."""
    groups = sampler.shuffled([group for group, n in GROUPS.items() for _ in range(n)])
    first = groups.index("both")
    groups[0], groups[first] = groups[first], groups[0]
    people = [Person(f"u{i:04}", group) for i, group in enumerate(groups, 1)]
    ids = [course.id for course in courses] + [product.id for product in products]
    appeal = {item_id: sampler.uniform(0.5, 1.5) for item_id in ids}
    for person in people:
        if person.group == "empty":
            continue
        _give_profile(person, sampler, brands)
        if person.group in ("learner", "both"):
            n = sampler.between(5, 11) if person.group == "learner" else sampler.between(4, 8)
            weights = [appeal[c.id] * _course_weight(person, c) for c in courses]
            person.enrolled = sampler.sample(courses, n, weights)
        if person.group in ("buyer", "both"):
            loved = _loved_ingredients(person, sampler, products)
            weights = [appeal[p.id] * _product_weight(person, p, loved) for p in products]
            person.purchased = sampler.sample(products, sampler.between(6, 18), weights)
    return people


def _give_profile(person: Person, sampler: Sampler, brands: Sequence[str]) -> None:
    skin = sampler.sample(list(CONCERNS_OF_SKIN), 1, [22, 22, 20, 17, 19])[0]
    concerns = [*sampler.shuffled(CONCERNS_OF_SKIN[skin]), sampler.pick(OTHER_CONCERNS)]
    topic = sampler.pick([*AREA_OF_TOPIC, *AREA_OF_TOPIC, *TRADES])
    wanted = concerns[: sampler.between(1, 2)]
    if sampler.chance(0.45):
        wanted.insert(sampler.between(0, 1), topic)
    if topic in TRADES and person.group == "learner" and sampler.chance(0.3):
        wanted = [topic, sampler.pick(TRADES)]
    person.interests = {interest: 1.0 - 0.25 * i for i, interest in enumerate(dict.fromkeys(wanted))}
    person.skin_type = skin if sampler.chance(0.85) else ""
    told = [interest for interest in person.interests if interest in concerns and sampler.chance(0.75)]
    person.concerns = [*told, *([sampler.pick(OTHER_CONCERNS)] if sampler.chance(0.1) else [])]
    person.concerns = list(dict.fromkeys(person.concerns))
    if person.group == "profile":
        person.skin_type, person.concerns = skin, concerns[:2]
    if sampler.chance(0.15):
        person.avoids = sampler.sample(AVOIDED, sampler.between(1, 2))
    if sampler.chance(0.55):
        person.follows = sampler.sample(brands, sampler.between(1, 3))


def _course_weight(person: Person, course: Course) -> float:
    weight = 1.0
    for interest, strength in person.interests.items():
        if interest in course.concerns or interest in course.topics:
            weight += 40 * strength
    if person.skin_type in course.skin_types:
        weight *= 2
    return weight if course.price > 0 else 0.0


def _loved_ingredients(person: Person, sampler: Sampler, products: Sequence[Product]) -> set[str]:
    """What the person looks for on a label: featured in products for the interests, what courses taught first."""
    featured = dict.fromkeys(h for p in products if _draws(person, p) for h in p.heroes)
    taught = dict.fromkeys(i for course in person.enrolled for i in course.ingredients if i in featured)
    return {*sampler.sample(list(taught), 3), *sampler.sample(list(featured), 2)}


def _draws(person: Person, product: Product) -> list[float]:
    """How strongly each interest that the product serves draws the person to it."""
    return [
        strength
        for interest, strength in person.interests.items()
        if interest in product.concerns or AREA_OF_TOPIC.get(interest) == product.area
    ]


def _product_weight(person: Person, product: Product, loved: set[str]) -> float:
    if set(person.avoids) & set(product.ingredients):
        return 0.0
    weight = 1.0 + 40 * sum(_draws(person, product))
    if loved & set(product.heroes):
        weight *= 6
    if product.brand in person.follows:
        weight *= 3
    if person.skin_type and product.skin_types and person.skin_type not in product.skin_types:
        weight *= 0.5
    return weight
