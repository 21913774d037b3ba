"""``whyrec evaluate``: ranking metrics on held-out interactions, beside the baselines."""

from typing import Annotated, Any

import typer

from cli.crossing import show_crossing
from cli.engine import engine_of
from cli.evaluation_tables import show_duplicates, show_metrics, show_ratings
from cli.explanation_tables import show_explanations
from cli.options import DebugOption, DomainOption, EngineOption, JsonOption, MasterOption, QuietOption
from cli.output import Output
from recommender.splitting.interaction_splits import SPLITS

app = typer.Typer(add_completion=False)
DuplicatesOption = Annotated[
    str, typer.Option(help="Probable duplicates: keep, drop (leave out) or merge them.", metavar="keep|drop|merge")
]
ExplanationsOption = Annotated[
    bool, typer.Option("--explanations", help="Measure the explanations of the model too: real, needed, varied.")
]


@app.command("evaluate")
def evaluate_command(
    ctx: typer.Context,
    test: Annotated[str | None, typer.Option(metavar="FILE", help="Test on these: CSV with user_id,item_id.")] = None,
    k: Annotated[int, typer.Option("--k", min=1, help="Length of the lists.")] = 10,
    holdout: Annotated[float, typer.Option(min=0, max=1, help="Fraction to hold out.")] = 0.2,
    split: Annotated[str, typer.Option(help=", ".join(SPLITS))] = "random",
    folds: Annotated[int | None, typer.Option(help="Cross-validation: so many random splits.", metavar="N")] = None,
    domain: DomainOption = None,
    seed: Annotated[int, typer.Option(help="Seed of the split.", metavar="S")] = 0,
    duplicates: DuplicatesOption = "keep",
    no_embeddings: Annotated[bool, typer.Option("--no-embeddings", help="Leave the embedding term out.")] = False,
    no_tuning: Annotated[bool, typer.Option("--no-tuning", help="Baselines with default parameters.")] = False,
    explanations: ExplanationsOption = False,
    engine_name: EngineOption = "local",
    master: MasterOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Hold interactions out, learn from the rest, rank all items, and measure; tuned baselines beside.

    Probable duplicates, items of one audience or label, are listed first: figures may owe much to them.

    Examples: whyrec evaluate --folds 5 · whyrec evaluate --split cold-domain --domain cosmetics --holdout 0.5
    """
    output = Output(as_json, quiet)
    how: Any = {"test": test, "k": k, "holdout": holdout, "split": split, "domain": domain, "seed": seed}
    how |= {"folds": folds, "duplicates": duplicates, "embeddings": not no_embeddings, "tuning": not no_tuning}
    with engine_of(ctx, output) as engine:
        result = engine.evaluate(explanations=explanations, engine=engine_name, master=master, **how)
    output.notices(result.notices)
    if output.document(result):
        return
    if result.duplicates:
        show_duplicates(output, result.duplicates)
    show_metrics(output, result)
    show_ratings(output, result.ratings)
    show_crossing(output, result.crossing)
    if result.explanations:
        show_explanations(output, result.explanations)
