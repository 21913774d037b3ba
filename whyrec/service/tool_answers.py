"""What tools tell an assistant: a text, what it is about, and the largest parts."""

from typing import Literal

from pydantic import BaseModel

LARGEST = 3
"""Parts of an account that a tool tells."""
Lang = Literal["en", "zh"]


class Named(BaseModel):
    """An entity."""

    id: str
    type: str
    label: str
    text: str = ""


class ToolAnswer(BaseModel):
    """An answer in words, and what it is about."""

    text: str
    items: list[Named] = []
    shares: dict[str, float] = {}
    """Reason → share of the score, the largest first."""
