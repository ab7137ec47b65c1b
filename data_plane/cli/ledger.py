"""`bailiwick ledger ...`: look at a region's ledger, prove an entry, check all of it."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from bailiwick.cli import places
from bailiwick.cli.options import HomeOption, JsonOption, RegionOption
from bailiwick.cli.output import Exit, Output

FSCK_SECONDS = 600
FOLLOW_SECONDS = 1.0


def fsck(region: RegionOption, home: HomeOption = None, json_: JsonOption = False) -> None:
    """Rebuild the tree from raw rows and tiles, re-hash every row, and compare with what was published."""
    output = Output(json_)
    with (
        places.region_client(region, home, timeout=FSCK_SECONDS) as client,
        output.progress("rebuilding the ledger's tree"),
    ):
        result = client.post("/ledger/fsck").json()
    output.document(result)
    if not result["ok"]:
        raise SystemExit(Exit.NOT_SO)


def show(
    region: RegionOption,
    index: Annotated[int, typer.Argument(help="The entry's index, from 0.", min=0)],
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Show one entry."""
    with places.region_client(region, home) as client:
        Output(json_).document(client.get(f"/ledger/entries/{index}").json())


def prove(
    region: RegionOption,
    index: Annotated[int | None, typer.Option(help="Index of the entry.", min=0, show_default=False)] = None,
    number: Annotated[int | None, typer.Option(help="Or an admission's number.", min=1, show_default=False)] = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Print an entry with its inclusion proof in the newest checkpoint; the proof is checked before it is shown."""
    if (index is None) == (number is None):
        raise typer.BadParameter("give either --index or --number")
    asked = {"index": index} if index is not None else {"number": number}
    with places.region_client(region, home) as client:
        Output(json_).document(client.get("/ledger/prove", params=asked).json())


def tail(
    region: RegionOption,
    count: Annotated[int, typer.Option("--count", "-n", help="How many entries.", min=1, max=1000)] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as entries are sealed.")] = False,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Show the newest entries, oldest of them first."""
    output = Output(json_)
    with places.region_client(region, home) as client:
        page = client.get("/ledger/entries", params={"last": count}).json()
        if json_:
            output.document(page)
            return
        output.table(("INDEX#", "KIND", "AT", "WHAT"), (_row(entry) for entry in page["entries"]))
        while follow:
            time.sleep(FOLLOW_SECONDS)
            page = client.get("/ledger/entries", params={"first": page["next"], "limit": 256}).json()
            for entry in page["entries"]:
                output.say("  ".join(str(cell) for cell in _row(entry)))


def token(
    region: RegionOption,
    hours: Annotated[int, typer.Option(help="Hours until it expires.", min=1, max=168)] = 24,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Make a token that reads entry bundles at the region's evidence address."""
    with places.region_client(region, home) as client:
        Output(json_).document(client.post("/ledger/tokens", json={"hours": hours}).json())


def _row(entry: dict[str, Any]) -> tuple[object, ...]:
    body = entry["entry"]
    return entry["index"], body["kind"], body["at"], SUMMARIES.get(body["kind"], _nothing)(body)


def _admission(body: dict[str, Any]) -> str:
    return f"no. {body['number']}  {body['model']}  reserves {body['amount']} micro-{body['currency']}"


def _settlement(body: dict[str, Any]) -> str:
    usage = body["usage"]
    return (
        f"no. {body['number']}  {body['how']}, {body['finish']}  {usage['prompt']} + {usage['output']} tokens"
        f"  {body['cost']} micro-{body['currency']}"
    )


def _decision(body: dict[str, Any]) -> str:
    return f"refused: {body['reason']}  {', '.join(body['policies'])}"


def _change(body: dict[str, Any]) -> str:
    return f"release {body['version']} {body['action']}"


def _egress(body: dict[str, Any]) -> str:
    return f"{body['class']}  {body['type']}  {body['count']} messages, {body['bytes']} B"


def _nothing(_body: dict[str, Any]) -> str:
    return ""


SUMMARIES = {
    "admission": _admission,
    "settlement": _settlement,
    "decision": _decision,
    "change": _change,
    "egress": _egress,
}
