"""``whyrec federate``: one model of two companies that may not pool rows, by one encrypted file each way."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.federate_exchange import accept_command, offer_command
from cli.options import DebugOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from recommender.texts.languages import language
from whyrec.privacy.federation import own_key

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def federate() -> None:
    """Learn from a partner's people without a row of them: sums alone go, each of at least k people, encrypted.

    Both companies: `federate key`, tell the public key; `federate offer`, send the file; `federate accept` the other's;
    `train`. What the partner's people used together is a kernel of its own then, told as such, with its share.

    What k costs: of an item that fewer than k people used the file says nothing. Where most items have many people,
    little is lost; of a long tail most is, and no sum brings it back. A smaller k tells of fewer people.

    Examples: whyrec federate key · whyrec federate offer --to age1… --out offer.age · whyrec federate accept their.age
    """


@app.command("key")
def key_command(as_json: JsonOption = False, quiet: QuietOption = False, debug: DebugOption = False) -> None:
    """Print the public key that partners encrypt to; the secret one is in WHYREC_FEDERATE_KEY.

    Example: WHYREC_FEDERATE_KEY=$(age-keygen 2>/dev/null | tail -1) whyrec federate key
    """
    output, key = Output(as_json, quiet), own_key()
    if not output.document({"key": key}):
        output.line(key)


app.command("offer")(offer_command)
app.command("accept")(accept_command)


@app.command("remove")
def remove_command(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The partner, as `whyrec status` names it.")],
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Let the sums of a partner count no longer; `train` learns the weights anew.

    Example: whyrec federate remove "Course Academy"
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        engine.remove_partner(name)
    if not output.document({"removed": name}):
        output.line(language(lang).section("federation")["removed"].format(name=name))
