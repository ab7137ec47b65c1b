"""`bailiwick spend`: tokens, requests and cost, from what regions have released."""

from __future__ import annotations

from typing import Annotated

import typer

from bailiwick.cli.options import AsOption, HomeOption, JsonOption
from bailiwick.cli.output import Output
from control_plane.cli.asking import client, clock, get, money


def spend(
    by: Annotated[
        str,
        typer.Option(
            "--by",
            help="Dimensions: region, cost_centre, team, project, product, use_case, model, environment, tier, day.",
        ),
    ] = "region,team",
    since: Annotated[str | None, typer.Option("--from", help="RFC 3339 time, included.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="RFC 3339 time, not included.")] = None,
    as_user: AsOption = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Show spend by dimensions. Currencies are never added to each other."""
    output = Output(json_)
    with client(as_user, home) as asked:
        found = get(asked, "/spend", group_by=by, **{"from": since, "to": until})
    if json_:
        output.document(found)
        return
    keys = found["group_by"]
    output.table(
        (*(key.upper().replace("_", " ") for key in keys), "REQUESTS#", "REFUSED#", "PROMPT#", "OUTPUT#", "COST#"),
        (
            (
                *(row[key] for key in keys),
                f"{row['requests']:,}",
                f"{row['refused']:,}",
                f"{row['prompt_tokens']:,}",
                f"{row['output_tokens']:,}",
                money(row["cost_micro"], row["currency"]),
            )
            for row in found["rows"]
        ),
    )
    for total in found["totals"]:
        output.say(f"[bold]{money(total['cost_micro'], total['currency'])}[/] in all")
    for reach in found["coverage"]:
        output.say(
            f"[dim]{reach['region']}: reported up to {clock(reach['last_period'])}, report {reach['last_sequence']},"
            f" profile {reach['profile']}, at least {reach['k']} people per cell[/]"
        )
    for note in found["notes"]:
        output.say(f"[dim]{note}[/]")
