"""An account as one page of HTML: what the score is made of in words, a picture of the largest paths, every part folded
below; nothing is fetched."""

from collections.abc import Sequence
from html import escape
from typing import Any
from xml.etree.ElementTree import Element, tostring

from markupsafe import Markup

from kg.schema import Schema
from kg.workspace.outputs import PAGE_PERSON
from recommender.pages.characters import clean
from recommender.pages.path_picture import graph_picture, tree_picture
from recommender.pages.svg import COLOURS, graph_svg, tree_svg
from recommender.pages.template import template
from recommender.results.account import Account, Part, Path
from recommender.texts.languages import language
from recommender.texts.paths import spoken_domain, spoken_kinds, spoken_type

FRAME = "width: 100%; height: 720px; border: 0"
KINDS = ("path", "association", "embedding", "popularity", "rule")
DRAWN = 7
"""Paths that are drawn: the largest of each of so many parts."""


def account_page(account: Account, schema: Schema, lang: str = "en") -> str:
    """The page of an account, complete with its style; every text is escaped as it is written."""
    return template("account.html").render(_Page(account, schema, lang).content())


def account_frame(account: Account, schema: Schema, lang: str = "en") -> str:
    """The page of an account in a frame of its own, for a notebook: its style touches nothing around it."""
    return f'<iframe srcdoc="{escape(account_page(account, schema, lang))}" style="{FRAME}"></iframe>'


def drawn_paths(account: Account) -> list[tuple[int, Path]]:
    """The paths that are drawn, each with the number of its part."""
    largest = [(number, part.paths[0]) for number, part in enumerate(account.parts) if part.paths]
    return largest[:DRAWN]


class _Page:
    def __init__(self, account: Account, schema: Schema, lang: str) -> None:
        self.account, self.schema, self.lang = account, schema, lang
        self.language = language(lang)
        self.texts = self.language.section("page")
        self.user = account.user.label or self.texts["you"]
        self.kind = spoken_type(schema, account.item.type, lang)
        self.domain = spoken_domain(schema, account.item.domain, lang)

    def content(self) -> dict[str, Any]:
        """What the template writes."""
        account, texts = self.account, self.texts
        return {
            "lang": self.lang,
            "person": account.user.id,  # by this a page is found when its person is to be forgotten
            "person_name": PAGE_PERSON,
            "title": f"{account.item.label} – {self.user}",
            "item": account.item.label,
            "whom": texts["for"].format(type=self.kind, domain=self.domain, user=self.user),
            "place": self._place(),
            "notices": account.notices,
            "texts": texts,
            "colours": COLOURS,
            "groups": self._groups(),
            "habit": account.habit_beside(*(group.text for group in account.groups)),
            "pictures": self._pictures(),
            "parts": [self._part(part) for part in account.parts],
            "sum": texts["sum"].format(score=account.score),
            "model": texts["model"].format(name=account.model.name, snapshot=account.model.snapshot[:12]),
        }

    def _place(self) -> str:
        account, texts = self.account, self.texts
        place = texts["rank"].format(rank=account.rank) if account.rank else ""
        if account.domain_rank != account.rank:
            place += texts["domain_rank"].format(rank=account.domain_rank, domain=self.domain)
        return place or texts["excluded"].format(rule=self.language.audit(account.excluded or "–"))

    def _groups(self) -> list[dict[str, object]]:
        """The groups, the largest first; the widths of those in favour fill the bar."""
        total = sum(group.share for group in self.account.groups if group.share > 0)
        return [
            {
                "share": repr(group.share),
                "width": f"{100 * group.share / total:.4f}" if group.share > 0 else "",
                "percent": self.language.percent(group.percent / 100) if group.share > 0 else "–",
                "text": group.text,
            }
            for group in self.account.groups
        ]

    def _pictures(self) -> list[Markup]:
        paths = drawn_paths(self.account)
        if not paths:
            return []
        title = self.texts["picture_of"].format(user=self.user, item=self.account.item.label)
        captions = [self._captions(path) for _, path in paths]
        kinds = spoken_kinds(self.schema, self.lang)
        wide = graph_svg(graph_picture(paths, captions, kinds), title)
        return [_svg(wide), _svg(tree_svg(tree_picture(paths, captions, kinds), title))]

    def _captions(self, path: Path) -> Sequence[str]:
        """What stands over each node of a path: how it is reached from the one before."""
        return ["", *(self.language.bare(self.schema.phrase(step, self.lang)) for step in path.relations)]

    def _part(self, part: Part) -> dict[str, object]:
        kinds = dict(zip(KINDS, self.texts["kinds"].split(","), strict=True))
        rows = [(path.share, path.text) for path in part.paths or ()]
        others = part.other_paths
        if others and others.count:
            rows.append((others.share, self.texts["others"].format(n=self.language.number(others.count))))
        rows += [(near.share, f"{near.label} ({near.type})") for near in part.nearest or ()]
        return {
            "share": f"{part.share:+.4f}",
            "kind": kinds[part.kind],
            "metapath": part.metapath,
            "text": part.text if part.kind != "path" or not rows else "",
            "rows": [(f"{share:+.4f}", text) for share, text in rows],
        }


def _svg(picture: Element) -> Markup:
    """A picture as it stands in a page: its texts were escaped as they were written."""
    clean(picture)
    return Markup(tostring(picture, encoding="unicode", method="html"))  # escaped by ElementTree
