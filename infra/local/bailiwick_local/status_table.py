"""`bailiwick status` for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bailiwick.cli.output import Output
    from bailiwick_local.status import Document

COLOURS = {
    "running": "green",
    "connected": "green",
    "ready": "green",
    "degraded": "yellow",
    "loading": "yellow",
    "disconnected": "yellow",
    "awaiting-consent": "yellow",
    "vetoed": "magenta",
    "stopped": "red",
    "failed": "red",
    "conflict-paused": "red",
}


def show(output: Output, status: Document) -> None:
    """Print the status document as a page."""
    centre = status["centre"]
    output.say(f"[bold]Bailiwick {status['version']}[/]  {status['home']}")
    output.say("")
    output.say(f"[bold]centre[/]  {_state(centre['state'])}")
    output.say(f"  console      {centre['console']}")
    output.say(f"  agents       {centre['agents']}")
    output.say(f"  Temporal     {centre['temporal']}, web pages {centre['temporal_ui']}")
    output.say(f"  processes    {_processes(centre['processes'])}")
    for region in status["regions"]:
        _region(output, region)


def _region(output: Output, region: Document) -> None:
    output.say("")
    output.say(f"[bold]{region['id']}[/]  {region['jurisdiction']}  {_state(region['state'])}")
    output.say(f"  gateway      {region['gateway']}")
    output.say(f"  evidence     {region['evidence']}")
    release, ledger, report = region["release"] or {}, region["ledger"] or {}, region["last_report"] or {}
    version = release.get("version")
    output.say(f"  release      {f'version {version}' if version is not None else 'none yet'}")
    models = [f"{model['id']} {_state(model['state'])}" for model in region["models"]]
    output.say(f"  models       {', '.join(models) or 'none yet'}")
    if ledger:
        output.say(f"  ledger       {ledger.get('size', 0):,} entries, sealed {ledger.get('sealed_at')}")
    if report:
        output.say(f"  last report  number {report.get('sequence')}, up to {report.get('period_end')}")
    output.say(f"  processes    {_processes(region['processes'])}")


def _processes(processes: list[Document]) -> str:
    words = []
    for process in processes:
        restarts = f" ({process['restarts']} restarts)" if process["restarts"] else ""
        words.append(f"{process['name']} {_state(process['state'])}{restarts}")
    return ", ".join(words) or "none"


def _state(state: str) -> str:
    colour = COLOURS.get(state)
    return f"[{colour}]{state}[/]" if colour else state
