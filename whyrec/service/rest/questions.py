"""What requests ask: the parameters of each question, checked, with the same names as the options of the engine."""

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from whyrec.service.sizes import MOST_ITEMS, MOST_TEXT

Text = Annotated[str, Field(min_length=1, max_length=MOST_TEXT)]
Texts = Annotated[list[Text], Field(max_length=100)]
Length = Annotated[int, Field(ge=1, le=MOST_ITEMS)]
Scenario = Annotated[
    str,
    Field(
        max_length=40,
        pattern=r"^[\w.-]*$",
        description="Where the answer is shown, such as home or cart: what came of it is counted for each.",
        examples=["home"],
    ),
]
NOT_RULES = {
    "user",
    "item",
    "anchor",
    "n",
    "domain",
    "reasons",
    "diversity",
    "lang",
    "for_",
    "add",
    "remove",
    "first",
    "second",
    "scenario",
}


class Question(BaseModel):
    """What every question has: the language of labels and texts; unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    lang: Literal["en", "zh"] = "en"


class RuledQuestion(Question):
    """A question under rules, on top of those of the workspace."""

    avoid: Texts = Field(default=[], description="relation:ID or Type:ID: no item with it.")
    only: Texts = Field(default=[], description="relation:ID: only items with it.")
    boost: Texts = Field(default=[], description="EXPR or 30% EXPR: raise the score of such items.")
    bury: Texts = Field(default=[], description="EXPR or 30% EXPR: lower the score of such items.")
    pin: Texts = Field(default=[], description="Items that stand first.")
    quota: Texts = Field(default=[], description="N% EXPR: at least so much of the list.")
    max_price: float | Text | None = Field(default=None, description="30, or with a currency: 30 GBP.")
    min_price: float | Text | None = None
    in_stock: bool = False
    language: Texts = []
    fill: bool = Field(default=False, description="With a domain they used nothing of: also what nothing leads to.")

    def rules(self) -> dict[str, Any]:
        """The rules that say something, by the engine's names; 0 says something, too."""
        told = ((name, getattr(self, name)) for name in _rules_of(type(self)))
        return {name: value for name, value in told if value is not None and value is not False and value != []}


@cache
def _rules_of(question: type[RuledQuestion]) -> tuple[str, ...]:
    return tuple(name for name in question.model_fields if name not in NOT_RULES)


class ListQuestion(RuledQuestion):
    """``recommend``: for a user, or for somebody described by anchors."""

    user: Text | None = Field(default=None, examples=["u0001"])
    anchor: Texts = Field(default=[], description="relation:ID of what somebody has.")
    n: Length = 10
    domain: Text | None = None
    reasons: Literal["none", "first", "all"] = Field(default="first", description="none is several times quicker.")
    diversity: float = Field(default=0.0, ge=0, le=1)
    for_: Literal["customer", "staff", "analyst"] = Field(default="customer", alias="for")
    scenario: Scenario = ""

    def options(self) -> dict[str, Any]:
        """All but the user and the anchors, by the engine's names."""
        told: dict[str, Any] = {"n": self.n, "domain": self.domain, "lang": self.lang, "reader": self.for_}
        told |= {"diversity": self.diversity} if self.diversity else {}
        return {**told, **self.rules(), "told": self.reasons != "none"}


class AccountQuestion(RuledQuestion):
    """``why``: the account of one score."""

    item: Text = Field(examples=["p0001"])
    user: Text | None = Field(default=None, examples=["u0001"])
    anchor: Texts = []
    for_: Literal["customer", "staff", "analyst"] = Field(default="customer", alias="for")
    scenario: Scenario = ""

    def options(self) -> dict[str, Any]:
        """All but the item, the user and the anchors, by the engine's names."""
        return {"lang": self.lang, "reader": self.for_, **self.rules()}


class AbsenceQuestion(RuledQuestion):
    """``why-not``: why an item is not in a list."""

    item: Text = Field(examples=["p0042"])
    user: Text | None = Field(default=None, examples=["u0001"])
    anchor: Texts = []
    n: Length = 10
    domain: Text | None = None

    def options(self) -> dict[str, Any]:
        """All but the user and the item, by the engine's names."""
        told = {"anchors": self.anchor, "n": self.n, "domain": self.domain, "lang": self.lang}
        return {**told, **self.rules()}


class ChangeQuestion(RuledQuestion):
    """``what-if``: a list before and after a change of what somebody has."""

    user: Text | None = Field(default=None, examples=["u0001"])
    anchor: Texts = []
    add: Texts = []
    remove: Texts = []
    n: Length = 10
    domain: Text | None = None

    def options(self) -> dict[str, Any]:
        """All but the user, by the engine's names."""
        changed = {"anchors": self.anchor, "add": self.add, "remove": self.remove}
        return {**changed, "n": self.n, "domain": self.domain, "lang": self.lang, **self.rules()}


class OrderQuestion(RuledQuestion):
    """``compare``: why one item is ahead of another."""

    first: Text = Field(examples=["p0001"])
    second: Text = Field(examples=["p0042"])
    user: Text | None = Field(default=None, examples=["u0001"])
    anchor: Texts = []
    domain: Text | None = None

    def options(self) -> dict[str, Any]:
        """All but the user and the items, by the engine's names."""
        return {"anchors": self.anchor, "domain": self.domain, "lang": self.lang, **self.rules()}


class NearQuestion(Question):
    """``similar``: the items nearest to one."""

    item: Text = Field(examples=["p0001"])
    n: Length = 5
    domain: Text | None = None


class NameQuestion(Question):
    """``find``: entities by what people call them."""

    text: Text = Field(examples=["lipstick"])
    type: Texts = []
    n: Length = 10


class WordsQuestion(BaseModel):
    """``ask``: a question in words."""

    model_config = ConfigDict(extra="forbid")
    question: Text = Field(examples=["which toner contains niacinamide?"])
    user: Text | None = None
    n: Length = 20
    lang: Literal["en", "zh"] | None = None


class PrivateQuestion(Question):
    """``private``: a question in numbers with noise."""

    question: Literal["audience", "bridge", "gaps", "item", "overview", "popularity"]
    entity: Text | None = Field(
        default=None, description="What it is about: id or name; of popularity a relation of items, such as made_by."
    )
    domain: Text | None = None
    epsilon: float | None = Field(default=None, gt=0, allow_inf_nan=False, description="The workspace's where absent.")


class TripleQuestion(BaseModel):
    """``predict``: the likeliest missing triples."""

    model_config = ConfigDict(extra="forbid")
    first: Text
    second: Text
    n: Length = 10
