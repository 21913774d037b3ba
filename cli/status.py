"""``whyrec status``: what is there, what is stale, what to do next."""

import typer

from cli.crossing import show_crossing
from cli.engine import engine_of
from cli.options import DebugOption, JsonOption, QuietOption
from cli.output import Output
from kg.counting import by_number
from whyrec.reports import StatusReport

app = typer.Typer(add_completion=False)


@app.command()
def status(
    ctx: typer.Context, as_json: JsonOption = False, quiet: QuietOption = False, debug: DebugOption = False
) -> None:
    """Show store, snapshot and model, what is stale, and the next step.

    Example: whyrec -w demo status --json
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        report = engine.status()
    output.notices(report.notices)
    if not output.document(report):
        _show(output, report)


def _count(count: int | str) -> str:
    return count if isinstance(count, str) else f"{count:,}"


def _age(days: float | None) -> str:
    return "" if days is None else f"oldest {days:.1f} days, "


def _show(output: Output, report: StatusReport) -> None:
    store, snapshot, model = report.store, report.snapshot, report.model
    rows = [("entity", name, _count(count)) for name, count in store.entities.items()]
    rows += [("relation", name, _count(count)) for name, count in store.triples.items()]
    output.table(f"Store {store.url}", ("kind", "name", "count"), rows, right="count")
    told = "none" if snapshot is None else f"{snapshot.hash[:40]} ({'current' if snapshot.current else 'stale'})"
    output.line(f"Snapshot: {told}")
    if model is None:
        output.line("Model:    none; paths with default weights are used")
    else:
        stale = "trained before the graph changed; its weights are carried over" if model.carried_over else "stale"
        output.line(f"Model:    {model.name} ({'current' if model.current else stale})")
    show_crossing(output, model.crossing if model else ())
    _show_kept(output, report)
    _show_partners(output, report)
    output.line(f"Next:     {report.next}")


def _show_partners(output: Output, report: StatusReport) -> None:
    """Whose sums count, and to whom sums went."""
    for one in report.partners:
        used = by_number(f"{one.used:,} [pair counts|pairs count]")
        output.line(f"Partner:  {one.name}, sums over {one.people} people of {one.at}: {used}")
    if report.offers:
        last = report.offers[-1]
        pairs = by_number(f"{last.pairs:,} [pair|pairs]")
        output.line(f"Offers:   {len(report.offers):,} sent; the last to {last.to}, {pairs}, on {last.at}")


def _show_kept(output: Output, report: StatusReport) -> None:
    """How long personal data is kept, and what private releases cost, where either is limited."""
    kept, budget = report.retention, report.privacy_budget
    if kept is not None and kept.days is not None:
        told = [
            f"{name} {_count(one.kept)}"
            + (f" ({_age(one.oldest_days)}{_count(one.overdue)} overdue)" if one.kept else "")
            for name, one in kept.parts.items()
        ]
        output.line(f"{by_number(f'Kept {kept.days} [day|days]')}: {', '.join(told)}")
    if budget is not None:
        output.line(
            f"Private releases: ε {budget.epsilon:g} of {budget.epsilon_per_day:g} spent today, "
            + by_number(f"{budget.epsilon_in_all:g} by {budget.releases:,} [release|releases] in all; ")
            + (f"booked in {', '.join(budget.shared)}, too" if budget.shared else "of this workspace and its copies")
        )
