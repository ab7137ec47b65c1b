"""`bailiwick engine list`: a region's engines."""

from __future__ import annotations

from bailiwick.cli import places
from bailiwick.cli.options import HomeOption, JsonOption, RegionOption
from bailiwick.cli.output import Output


def list_(region: RegionOption, home: HomeOption = None, json_: JsonOption = False) -> None:
    """List the engines, their state and where they listen."""
    output = Output(json_)
    with places.region_client(region, home) as client:
        engines = client.get("/engines").json()
    if json_:
        output.document(engines)
        return
    output.table(
        ("MODEL", "KIND", "STATE", "RESTARTS#", "URL"),
        ((e["id"], e["kind"], e["state"], e["restarts"], e["url"]) for e in engines["engines"]),
    )
