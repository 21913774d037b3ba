"""The audit as one page of HTML, for people who look rather than read."""

from markupsafe import Markup

from recommender.pages.template import template
from recommender.results.responsibility.audit import Audit, ItemGroup
from recommender.texts.languages import language

WIDTH, HEIGHT = 160, 14
MOST = 2.0
"""Ratio at the right end of a picture; what is beyond ends there."""


def audit_page(found: Audit, lang: str = "en") -> str:
    """The page, complete with its style; every text is escaped as it is written."""
    told = language(lang)
    texts = told.section("audit")
    return template("audit.html").render(
        lang=lang,
        t=texts,
        kinds=dict(line.split("=", 1) for line in texts["kinds"].split("|")),
        title=texts["title"],
        found=found,
        parity=[*found.parity, *(parity for one in found.domains for parity in one.parity)],
        percent=told.percent,
        number=lambda value: told.number(value) if isinstance(value, int) else value,
        picture=_picture,
        bubble=told.bubble,
        concentration=told.concentration,
        repair=told.repair,
    )


def _picture(group: ItemGroup) -> Markup:
    """A ratio and its interval on a line from 0 to MOST, with a mark at 1."""
    low, middle, high = (min(value / MOST, 1.0) * WIDTH for value in (group.low, group.ratio, group.high))
    half, one = HEIGHT / 2, WIDTH / MOST
    return Markup(
        f'<svg class="picture" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
        f'<line x1="{one:.1f}" y1="0" x2="{one:.1f}" y2="{HEIGHT}"/>'
        f'<line class="interval" x1="{low:.1f}" y1="{half}" x2="{high:.1f}" y2="{half}"/>'
        f'<circle cx="{middle:.1f}" cy="{half}" r="4"/></svg>'
    )
