"""English."""

from recommender.texts.language import Language

PRESENT = {
    "ate": "eat",
    "booked": "book",
    "borrowed": "borrow",
    "bought": "buy",
    "drank": "drink",
    "got": "get",
    "heard": "hear",
    "listened to": "listen to",
    "ordered": "order",
    "paid for": "pay for",
    "played": "play",
    "purchased": "purchase",
    "read": "read",
    "rented": "rent",
    "reordered": "reorder",
    "subscribed to": "subscribe to",
    "took": "take",
    "used": "use",
    "visited": "visit",
    "watched": "watch",
    "wore": "wear",
}
"""What is done again, of what was done once; of other verbs the past says it as well."""


class English(Language):
    """English needs little grammar of its own: the phrases of a schema are written for it."""

    code = "en"

    def habitual(self, phrase: str, *, one: bool) -> str:
        """They buy, the user buys, of bought."""
        verb, space, rest = PRESENT.get(phrase, "").partition(" ")
        if not verb:
            return phrase
        ending = "" if not one else "es" if verb.endswith(("ch", "sh", "s")) else "s"
        return verb + ending + space + rest
