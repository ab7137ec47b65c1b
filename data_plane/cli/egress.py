"""`bailiwick egress ...`: everything that left a region, as the region's own ledger accounts for it."""

from __future__ import annotations

from typing import Annotated

import typer

from bailiwick.cli import places
from bailiwick.cli.options import HomeOption, JsonOption, RegionOption
from bailiwick.cli.output import Exit, Output


def list_(
    region: RegionOption,
    count: Annotated[int, typer.Option("--count", "-n", help="How many, newest first.", min=1, max=1000)] = 30,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """List what left: contents one by one, control messages by period."""
    output = Output(json_)
    with places.region_client(region, home) as client:
        left = client.get("/egress", params={"limit": count}).json()
    if json_:
        output.document(left)
        return
    output.table(
        ("INDEX#", "CLASS", "TYPE", "MESSAGES#", "BYTES#", "DIGEST", "PERIOD END"),
        (
            (
                item["index"],
                item["class"],
                item["type"],
                item["count"],
                item["bytes"],
                item["digest"],
                item["period_end"],
            )
            for item in left["egress"]
        ),
    )


def show(
    region: RegionOption,
    digest: Annotated[str, typer.Argument(help="Digest of a message that left (sha256:...).")],
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Show one message exactly as it left, decoded."""
    with places.region_client(region, home) as client:
        Output(json_).document(client.get(f"/egress/{digest}").json())


def reconcile(region: RegionOption, home: HomeOption = None, json_: JsonOption = False) -> None:
    """Check that released plus held back equals the ledger, to the micro-unit."""
    with places.region_client(region, home) as client:
        result = client.get("/egress/reconcile").json()
    Output(json_).document(result)
    if not result["equal"]:
        raise SystemExit(Exit.NOT_SO)
