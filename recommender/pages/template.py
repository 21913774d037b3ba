"""Pages from templates: texts are escaped, what is no character of HTML is replaced, and a name that nobody gave is an
error; nothing is fetched by any of them."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from recommender.pages.characters import printable
from recommender.pages.page_style import STYLE

POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def template(name: str) -> Template:
    """A template of this folder, such as ``account.html``."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    loader = PackageLoader("recommender", "pages")
    made = Environment(loader=loader, autoescape=True, finalize=_written, undefined=StrictUndefined, trim_blocks=False)
    made.globals |= {"policy": POLICY, "page_style": Markup(STYLE)}  # our own
    return made


def _written(value: Any) -> Any:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
