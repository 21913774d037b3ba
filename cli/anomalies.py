"""``whyrec anomalies``: accounts that do not look like people."""

import typer

from cli.engine import engine_of
from cli.options import DebugOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from recommender.results.responsibility.anomalies import AccountAnomalies
from recommender.texts.language import Section
from recommender.texts.languages import language

app = typer.Typer(add_completion=False)


@app.command()
def anomalies(
    ctx: typer.Context,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Flag bots, bursts, duplicates, rating fraud, shilling; [anomalies] leave_out says what becomes of what they did.

    Example: whyrec -w demo anomalies
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        report = engine.anomalies(lang=lang)
    if output.document(report):
        return
    output.line(report.text)
    for one in report.types:
        _show(output, one, language(lang).section("anomalies"))


def _show(output: Output, found: AccountAnomalies, texts: Section) -> None:
    rows = [(texts[name], count) for name, count in found.signals.items()]
    if found.isolated is not None:
        rows.append((texts["isolated"], found.isolated))
    counted = texts["table"].format(type=found.type, flagged=found.flagged, accounts=found.accounts)
    output.table(counted, (texts["signal"], texts["accounts"]), rows)
    if found.targets:
        told = [(one.item.id, one.item.label, one.accounts) for one in found.targets]
        output.table(texts["targets"], [texts[name] for name in ("id", "item", "accounts")], told)
