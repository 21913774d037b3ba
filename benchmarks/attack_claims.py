"""What an attack on a shop claims of people, and which of it is true of at least one and fewer than k of them."""

from collections import Counter

from pydantic import BaseModel

from benchmarks.attacked_shop import Anchor, Shop


class Claims:
    """Claims, and what was found, by command."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.me = shop, shop.ids["User"][0]
        self.queries, self.claims = Counter[str](), Counter[str]()
        self.found: list[str] = []

    def _asked(self, command: str, answer: BaseModel | str) -> None:
        """Note a query, and look for people in the answer."""
        self.queries[command] += 1
        text = answer if isinstance(answer, str) else answer.model_dump_json()
        for user in self.shop.ids["User"]:
            if user != self.me and user in text:
                self._hit(f"{command}: names {user}")

    def _hit(self, what: str) -> None:
        self.found.append(what)

    def _claim(self, command: str, anchor: Anchor, item: str) -> None:
        """Somebody who has the anchor used the item."""
        if anchor[1] == item or self.shop.alike(anchor[1], item) or self.shop.bridged(anchor, item):
            return
        self.claims[command] += 1
        both = self.shop.users_of(anchor) & self.shop.users_of_item(item)
        if 0 < len(both) < max(self.shop.k, 5):
            self._hit(f"{command}: {len(both)} with {anchor[0]}:{anchor[1]} used {item}")

    def _number(self, command: str, people: object, true: int) -> None:
        """A number of people as it was told."""
        self.claims[command] += 1
        if isinstance(people, int) and 0 < people < max(self.shop.k, 5) and people == true:
            self._hit(f"{command}: tells a group of {people}")

    def _difference(self, command: str, whole: object, part: object, true: int) -> None:
        """The numbers of a group and of a part of it, and how many are in the one but not in the other."""
        if isinstance(whole, int) and isinstance(part, int) and 0 < whole - part < max(self.shop.k, 5):
            self.claims[command] += 1
            if whole - part == true:
                self._hit(f"{command}: {whole} − {part} tells a group of {true}")
