"""`bailiwick enrol`: hand a single-use invitation to a region's agent and follow it until the centre has approved."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from bailiwick.cli import places
from bailiwick.cli.options import HomeOption, JsonOption, RegionOption
from bailiwick.cli.output import Exit, Output, fail
from bailiwick.contract.enrolment import Invitation
from bailiwick.contract.errors import ContractError

POLL_SECONDS = 1.0


def enrol(
    region: RegionOption,
    invitation: Annotated[str, typer.Argument(help="The invitation (bwi_...), a file that holds it, or - for stdin.")],
    wait: Annotated[
        int, typer.Option("--wait", help="Follow the enrolment for so many seconds; 0: hand over and leave.")
    ] = 0,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Enrol a region with an invitation from the centre; the region's key never leaves it."""
    output = Output(json_)
    token = _token(invitation)
    with places.region_client(region, home) as client:
        answer = client.post("/enrolment", json={"invitation": token}).json()
        deadline = time.monotonic() + wait
        while answer["state"] in {"handed-over", "enrolling", "awaiting-approval"} and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            answer = client.get("/enrolment").json()
    output.document(answer)
    if answer["state"] == "refused":
        fail(f"the centre refused the invitation: {answer.get('detail', '')}", "ask for a new one", Exit.FORBIDDEN)


def _token(argument: str) -> str:
    text = argument
    if argument == "-":
        text = sys.stdin.read()
    elif not argument.startswith("bwi_") and Path(argument).is_file():
        text = Path(argument).read_text(encoding="utf-8")
    text = text.strip()
    try:
        Invitation.decode(text)
    except ContractError as error:
        fail(f"that is no invitation: {error}", "paste the whole bwi_... text, or name its file", Exit.USAGE)
    return text
