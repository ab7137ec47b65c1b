"""`bailiwick agent resume`: end a conflict with the centre, by the officer's decision."""

from __future__ import annotations

from typing import Annotated

import typer

from bailiwick.cli import places
from bailiwick.cli.options import HomeOption, JsonOption, RegionOption
from bailiwick.cli.output import Exit, Output, fail

ACCEPTABLE = ("centre", "region")


def resume(
    region: RegionOption,
    accept: Annotated[str, typer.Option("--accept", help="Whose sequence holds: centre or region.")],
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Resume reports after a conflict; what is accepted is recorded in the ledger."""
    if accept not in ACCEPTABLE:
        fail(f"--accept {accept!r} is unknown", "use --accept centre or --accept region", Exit.USAGE)
    with places.region_client(region, home) as client:
        Output(json_).document(client.post("/agent/resume", json={"accept": accept}).json())
