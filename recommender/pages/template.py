"""Templates of pages: texts are escaped, and what is no character of HTML is replaced."""

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from recommender.pages.characters import printable


@cache
def template(name: str) -> Template:
    """The template in the file of this name, beside this one."""
    environment = Environment(autoescape=True, finalize=_written, undefined=StrictUndefined, trim_blocks=False)
    return environment.from_string((files(__package__) / name).read_text(encoding="utf-8"))


def _written(value: Any) -> Any:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
