"""`bailiwick erase`: forget a person; every proof still verifies."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bailiwick.cli import places
from bailiwick.cli.options import HomeOption, JsonOption, RegionOption
from bailiwick.cli.output import Output


def erase(
    region: RegionOption,
    subject: Annotated[
        str, typer.Option("--subject", help="The identifier that applications sent; - reads it from standard input.")
    ],
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Delete the mapping from a person to their tags in the ledger; quantities stay."""
    if subject == "-":
        subject = sys.stdin.readline().strip()
    with places.region_client(region, home) as client:
        Output(json_).document(client.post("/erasures", json={"subject": subject}).json())
