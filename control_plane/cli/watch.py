"""`bailiwick rollout watch`: live lanes until the rollout is over or waits for a person."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

import httpx
import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bailiwick.cli.options import AsOption, HomeOption, JsonOption
from bailiwick.cli.output import Exit, Output
from control_plane.cli.asking import Document, client, get
from control_plane.cli.rollout import headline, with_regions

POLL_SECONDS = 1.0
OVER = frozenset({"complete", "aborted", "rolled-back"})
STAGES = ("awaiting-approval", "offered", "awaiting-consent", "staging", "baking", "gating", "converged")
SIGNS = {"done": "[green]━━[/]", "now": "[bold yellow]▶ [/]", "next": "[dim]··[/]"}
ENDS = {
    "converged": "[green]✓ converged[/]",
    "vetoed": "[magenta]✋ vetoed[/]",
    "failed": "[red]✗ failed[/]",
    "aborted": "[red]■ aborted[/]",
    "rolled-back": "[yellow]↩ rolled back[/]",
    "superseded": "[dim]superseded[/]",
}


def watch(
    rollout: Annotated[str, typer.Argument(help="The rollout's number.")],
    until: Annotated[
        list[str] | None, typer.Option("--until", help="End at this state too, such as paused; repeat.")
    ] = None,
    timeout: Annotated[int, typer.Option("--timeout", help="Give up after so many seconds; 0 never.", min=0)] = 0,
    as_user: AsOption = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Watch a rollout's regions move, until it is over. Exit code 1 when time runs out before that."""
    output = Output(json_)
    wanted = OVER | set(until or ())
    end = time.monotonic() + timeout if timeout else None
    with client(as_user, home) as asked:
        found = _follow(asked, rollout, output, wanted, end)
    if json_:
        output.document(with_regions(found))
    if found["state"] not in wanted:
        raise typer.Exit(Exit.NOT_SO)


def _follow(
    asked: httpx.Client, rollout: str, output: Output, wanted: set[str] | frozenset[str], end: float | None
) -> Document:
    found = get(asked, f"/rollouts/{rollout}")
    with Live(picture(found), console=output.errors if output.json else output.console, auto_refresh=False) as live:
        while found["state"] not in wanted and (end is None or time.monotonic() < end):
            time.sleep(POLL_SECONDS)
            found = get(asked, f"/rollouts/{rollout}")
            live.update(picture(found), refresh=True)
    return found


def picture(found: Document) -> Group:
    """The rollout as lanes: one row per region, one column per stage, and the newest events below."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("WAVE", "REGION", *(stage.replace("awaiting-", "") for stage in STAGES), "NOW", ""):
        table.add_column(name)
    for wave in found["waves"]:
        for lane in wave["regions"]:
            table.add_row(str(wave["number"]), lane["region"], *_stages(lane), _now(lane), _note(lane, found))
    events = [
        Text(f"  {one['at'][11:19]}  {one['place']:<8} {_said(one)}", style="dim") for one in found["events"][-6:]
    ]
    return Group(Text.from_markup(headline(found)), table, *events)


def _stages(lane: Document) -> list[str]:
    phase = lane["phase"]
    if phase not in STAGES:
        reached = STAGES.index("baking") if lane.get("moved") else STAGES.index("offered")
        return [SIGNS["done"] if place < reached else SIGNS["next"] for place in range(len(STAGES))]
    here = STAGES.index(phase)
    signs = [SIGNS["done"] if place < here else SIGNS["next"] for place in range(len(STAGES))]
    signs[here] = SIGNS["done"] if phase == "converged" else SIGNS["now"]
    return signs


def _now(lane: Document) -> str:
    if lane.get("away"):
        return "[cyan]away[/]"
    phase = str(lane["phase"])
    return ENDS.get(phase, phase.replace("-", " "))


def _note(lane: Document, found: Document) -> str:
    if lane["phase"] == "baking" and lane.get("bake_started"):
        since = datetime.now(UTC) - datetime.fromisoformat(lane["bake_started"])
        return f"{max(0, int(since.total_seconds()))} of {found['gate']['bake_seconds']} s"
    return str(lane.get("paused") or lane.get("code") or lane.get("approved_by") or "")


def _said(event: Document) -> str:
    words = event["code"].replace("-", " ")
    who = f"{event['actor']}: " if event["actor"] else ""
    return f"{who}{words} {event['detail']}".strip()
