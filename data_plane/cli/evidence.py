"""`bailiwick evidence grant`: the officer lets an auditor have a sealed bundle."""

from __future__ import annotations

from typing import Annotated

import typer

from bailiwick.cli import places
from bailiwick.cli.options import HomeOption, JsonOption, RegionOption
from bailiwick.cli.output import Output

BUILD_SECONDS = 600


def grant(
    region: RegionOption,
    request: Annotated[str, typer.Argument(help="The request's id, as `evidence requests` shows it.")],
    recipient: Annotated[
        str, typer.Option("--recipient", help="The auditor's age recipient, confirmed out of band (age1...).")
    ],
    hours: Annotated[int, typer.Option(help="Hours that the grant stays open.", min=1, max=720)] = 24,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Grant a request: the bundle is built, sealed to the recipient and offered for download in the region."""
    output = Output(json_)
    asked = {"request": request, "recipient": recipient, "hours": hours}
    with (
        places.region_client(region, home, timeout=BUILD_SECONDS) as client,
        output.progress("building and sealing the bundle"),
    ):
        granted = client.post("/evidence/grants", json=asked).json()
    output.document(granted)


def requests(region: RegionOption, home: HomeOption = None, json_: JsonOption = False) -> None:
    """List the requests for evidence that reached the region."""
    output = Output(json_)
    with places.region_client(region, home) as client:
        waiting = client.get("/evidence/requests").json()
    if json_:
        output.document(waiting)
        return
    output.table(
        ("ID", "PHASE", "FROM#", "TO#", "RECIPIENT", "EXPIRES"),
        (
            (item["id"], item["phase"], item["first"], item["next"], item["recipient"], item["expires"])
            for item in waiting["requests"]
        ),
    )
