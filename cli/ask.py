"""``whyrec ask``: a question in English or Chinese, answered from the graph."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import LONGEST, DebugOption, JsonOption, QuietOption
from cli.output import Output
from recommender.results.search import Answers, AskedItem
from recommender.search.folding import has_cjk
from recommender.texts.languages import language

app = typer.Typer(add_completion=False)


@app.command()
def ask(
    ctx: typer.Context,
    question: Annotated[str, typer.Argument(help="A question in English or Chinese.")],
    user: Annotated[str | None, typer.Option(help="Whose scores decide the order; popularity where absent.")] = None,
    n: Annotated[int, typer.Option("-n", min=1, max=LONGEST, help="Most answers.")] = 20,
    lang: Annotated[str | None, typer.Option(help="Language of the answer; that of the question where absent.")] = None,
    phrase: Annotated[
        bool,
        typer.Option("--phrase", help="In the words of the language model of WHYREC_LLM_URL and WHYREC_LLM_MODEL."),
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Answer a question from the graph: the items asked for, what was asked about them, and the triples that say so.

    Examples: whyrec ask "which toner has niacinamide but no fragrance under 30?" ·
    whyrec ask "三度花开有哪些口红，含什么成分，适合干皮吗？"
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        found = engine.ask(question, user=user, n=n, lang=lang, phrase=phrase)
    output.notices(found.notices)
    if not output.document(found):
        _show(output, found, lang or ("zh" if has_cjk(question) else "en"))


def _show(output: Output, found: Answers, lang: str) -> None:
    texts = language(lang).section("tables")
    if found.understood:
        output.line(found.understood)
    output.line(found.phrased or found.text)
    rows = [(one.id, one.label, _values(one), _facts(one)) for one in found.answers]
    if rows:
        title = texts["of_all"].format(n=f"{len(rows):,}", count=f"{found.count:,}")
        output.table(title, ("id", *(texts[name] for name in ("label", "values", "because"))), rows)


def _values(one: AskedItem) -> str:
    return ", ".join(f"{name} {value}" for name, value in (one.values or {}).items())


def _facts(one: AskedItem) -> str:
    return one.reason or "; ".join(f"{fact.head} {fact.relation} {fact.tail}" for fact in one.facts)
