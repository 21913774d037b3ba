"""``whyrec card``: model card and privacy sheet."""

from pathlib import Path
from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, ForceOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from kg.errors import UsageError

app = typer.Typer(add_completion=False)


@app.command()
def card(
    ctx: typer.Context,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it as Markdown.")] = None,
    figures: Annotated[
        bool, typer.Option("--figures/--no-figures", help="Measure on interactions held out, which takes longer.")
    ] = True,
    force: ForceOption = False,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Make the model card and privacy sheet: data, figures, groups, limits, privacy, hashes, all from what is there.

    Examples: whyrec card · whyrec card --out card.md --lang zh · whyrec card --no-figures --json
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        if out is not None:
            from kg.workspace.output_file import check_output  # only files pay for it

            if out.suffix.lower() not in (".md", ".markdown"):
                raise UsageError(f"--out {out}: expected a name that ends in .md")
            check_output(out, _is_card, engine.workspace, force)
        found = engine.card(figures=figures, lang=lang)
    if out is not None:
        from cli.pages import write_page

        write_page(out, found.markdown(), engine.workspace, "--out")
    if output.document(found):
        return
    output.line(f"The card: {out}" if out is not None else found.markdown().rstrip())


def _is_card(path: Path) -> bool:
    """Whether a file is a card, in any language."""
    from kg.workspace.output_file import starts_with
    from recommender.texts.languages import LANGUAGES, language

    privacy = (language(one.code).section("card")["privacy"].encode() for one in LANGUAGES)
    return any(starts_with(b"# ", contains=b"\n## " + one + b"\n")(path) for one in privacy)
