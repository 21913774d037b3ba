"""An account as one page of HTML: bar of shares, picture of the paths, every part in words; nothing is fetched."""

from collections.abc import Sequence
from html import escape
from xml.etree.ElementTree import Element, SubElement, tostring

from kg.schema import Schema
from kg.workspace.outputs import PAGE_PERSON
from recommender.pages.characters import clean
from recommender.pages.page_style import STYLE
from recommender.pages.path_picture import graph_picture, tree_picture
from recommender.pages.svg import COLOURS, graph_svg, tree_svg
from recommender.results.account import Account, Part, Path
from recommender.texts.languages import language

FRAME = "width: 100%; height: 720px; border: 0"
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
KINDS = ("path", "association", "embedding", "popularity")


def account_page(account: Account, schema: Schema, lang: str = "en") -> str:
    """The page of an account, complete with its style; every text is escaped as it is written."""
    return _Page(account, schema, lang).html()


def account_frame(account: Account, schema: Schema, lang: str = "en") -> str:
    """The page of an account in a frame of its own, for a notebook: its style touches nothing around it."""
    return f'<iframe srcdoc="{escape(account_page(account, schema, lang))}" style="{FRAME}"></iframe>'


class _Page:
    def __init__(self, account: Account, schema: Schema, lang: str) -> None:
        self.account, self.schema, self.lang = account, schema, lang
        self.language = language(lang)
        self.texts = self.language.section("page")
        self.user = account.user.label or self.texts["you"]

    def html(self) -> str:
        """The whole page as text."""
        page = Element("html", {"lang": self.lang})
        head, body = SubElement(page, "head"), SubElement(page, "body")
        SubElement(head, "meta", {"charset": "utf-8"})
        SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": POLICY})
        SubElement(head, "meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"})
        if self.account.user.id is not None:  # by this a page is found when its person is to be forgotten
            SubElement(head, "meta", {"name": PAGE_PERSON, "content": self.account.user.id})
        SubElement(head, "title").text = f"{self.account.item.label} – {self.user}"
        SubElement(head, "style").text = STYLE
        main = SubElement(body, "main")
        self._header(main)
        self._bar(_section(main, self.texts["bar"]))
        self._picture(_section(main, self.texts["picture"]))
        self._parts(_section(main, self.texts["parts"]))
        self._footer(main)
        clean(page)
        return "<!DOCTYPE html>\n" + tostring(page, encoding="unicode", method="html") + "\n"

    def _header(self, main: Element) -> None:
        account, texts = self.account, self.texts
        header = SubElement(main, "header")
        SubElement(header, "h1").text = account.item.label
        whom = texts["for"].format(type=account.item.type, domain=account.item.domain, user=self.user)
        SubElement(header, "p", {"class": "quiet"}).text = whom
        place = texts["rank"].format(rank=account.rank) if account.rank else ""
        if account.domain_rank != account.rank:
            place += texts["domain_rank"].format(rank=account.domain_rank, domain=account.item.domain)
        place = place or texts["excluded"].format(rule=self.language.audit(account.excluded or "–"))
        score = texts["score"].format(score=account.score)
        SubElement(header, "p", {"class": "score"}).text = f"{score} · {place}"
        for notice in account.notices:
            SubElement(header, "p", {"class": "notice"}).text = notice

    def _bar(self, section: Element) -> None:
        """The parts that speak for the item, side by side; then each with its share, those against it too."""
        parts = self.account.parts
        total = sum(part.share for part in parts if part.share > 0)
        bar = SubElement(section, "div", {"class": "bar", "role": "img", "aria-label": self.texts["bar"]})
        for number, part in enumerate(parts):
            if part.share > 0:
                style = f"flex-grow: {100 * part.share / total:.4f}"  # under 1 in all, they would not fill it
                SubElement(bar, "span", {"class": f"c{number % COLOURS}", "style": style, "title": part.text})
        keys = SubElement(section, "ol", {"class": "keys"})
        for number, part in enumerate(parts):
            row = SubElement(keys, "li", {"data-share": repr(part.share)})
            SubElement(row, "span", {"class": f"swatch c{number % COLOURS}"})
            SubElement(row, "span", {"class": "number"}).text = self._percent(part.share)
            SubElement(row, "span").text = part.text
        if against := sum(part.share < 0 for part in parts):
            SubElement(section, "p", {"class": "quiet"}).text = self.texts["against"].format(n=against)

    def _picture(self, section: Element) -> None:
        paths = [(number, path) for number, part in enumerate(self.account.parts) for path in part.paths or ()]
        if not paths:
            SubElement(section, "p").text = self.texts["no_paths"]
            return
        title = self.texts["picture_of"].format(user=self.user, item=self.account.item.label)
        captions = [self._captions(path) for _, path in paths]
        section.append(graph_svg(graph_picture(paths, captions), title))
        section.append(tree_svg(tree_picture(paths, captions), title))

    def _captions(self, path: Path) -> Sequence[str]:
        """What stands over each node of a path: how it is reached from the one before."""
        phrases = [self.schema.phrase(step, self.lang).removeprefix("的") for step in path.relations]
        return ["", *phrases]

    def _parts(self, section: Element) -> None:
        kinds = dict(zip(KINDS, self.texts["kinds"].split(","), strict=True))
        for number, part in enumerate(self.account.parts):
            box = SubElement(section, "article")
            head = SubElement(box, "h3")
            SubElement(head, "span", {"class": f"swatch c{number % COLOURS}"})
            SubElement(head, "span", {"class": "number"}).text = self._share(part.share)
            SubElement(head, "span").text = kinds[part.kind]
            if part.metapath:
                SubElement(box, "p", {"class": "metapath"}).text = part.metapath
            self._told(box, part)

    def _told(self, box: Element, part: Part) -> None:
        rows = [(path.share, path.text) for path in part.paths or ()]
        others = part.other_paths
        if others and others.count:
            rows.append((others.share, self.texts["others"].format(n=self.language.number(others.count))))
        rows += [(near.share, f"{near.label} ({near.type})") for near in part.nearest or ()]
        if part.kind != "path" or not rows:
            SubElement(box, "p").text = part.text
        told = SubElement(box, "ul") if rows else box
        for share, text in rows:
            row = SubElement(told, "li")
            SubElement(row, "span", {"class": "number"}).text = self._share(share)
            SubElement(row, "span").text = text

    def _footer(self, main: Element) -> None:
        footer, model = SubElement(main, "footer"), self.account.model
        SubElement(footer, "p").text = self.texts["sum"].format(score=self.account.score)
        SubElement(footer, "p").text = self.texts["model"].format(name=model.name, snapshot=model.snapshot[:12])

    def _percent(self, share: float) -> str:
        return f"{share / self.account.score:.1%}" if self.account.score > 0 else self._share(share)

    @staticmethod
    def _share(share: float) -> str:
        return f"{share:+.4f}"


def _section(main: Element, title: str) -> Element:
    section = SubElement(main, "section")
    SubElement(section, "h2").text = title
    return section
