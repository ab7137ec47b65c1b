"""`bailiwick rollout`: start, status, approve, pause, resume, abort, roll back. Watching stands in its own module."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bailiwick.cli.options import AsOption, HomeOption, JsonOption
from bailiwick.cli.output import Output
from control_plane.cli.asking import Document, client, clock, get, post

RolloutId = Annotated[str, typer.Argument(help="The rollout's number.")]
Reason = Annotated[str, typer.Option("--reason", help="Recorded with your name.")]


def start(
    version: Annotated[int, typer.Argument(help="The release to roll out; it must be published.")],
    wave: Annotated[
        list[str] | None,
        typer.Option("--wave", "-w", help="Regions of a wave, comma separated; repeat. Default: one canary, then all."),
    ] = None,
    bake: Annotated[int, typer.Option("--bake", help="Seconds to run healthy before the gate.", min=0)] = 3600,
    min_requests: Annotated[int, typer.Option("--min-requests", help="Least requests a gate needs.", min=0)] = 0,
    max_errors: Annotated[
        int, typer.Option("--max-errors", help="Most failed requests in a thousand.", min=0, max=1000)
    ] = 50,
    no_approvals: Annotated[bool, typer.Option("--no-approvals", help="Let later waves start by themselves.")] = False,
    as_user: AsOption = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Start a rollout of a published release."""
    body = {
        "version": version,
        "waves": [[name.strip() for name in names.split(",") if name.strip()] for names in wave or []],
        "bake_seconds": bake,
        "min_requests": min_requests,
        "max_error_permille": max_errors,
        "approvals": not no_approvals,
    }
    output = Output(json_)
    with client(as_user, home) as asked:
        found = post(asked, "/rollouts", body)
    _tell(output, found)
    output.say(f"\nFollow it: [bold]bailiwick rollout watch {found['id']}[/]")


def status(
    rollout: Annotated[str | None, typer.Argument(help="The rollout's number; all when left out.")] = None,
    as_user: AsOption = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Show how a rollout stands, or list all of them."""
    output = Output(json_)
    with client(as_user, home) as asked:
        if rollout is not None:
            _tell(output, get(asked, f"/rollouts/{rollout}"))
            return
        found = get(asked, "/rollouts")
    if json_:
        output.document(found)
        return
    output.table(
        ("ROLLOUT#", "RELEASE#", "STATE", "WAVES", "STARTED BY", "STARTED", "ENDED"),
        (
            (
                one["id"],
                one["version"],
                one["state"],
                " | ".join(
                    ", ".join(f"{lane['region']} {lane['phase']}" for lane in w["regions"]) for w in one["waves"]
                ),
                one["started_by"],
                clock(one["started_at"]),
                clock(one["ended_at"]),
            )
            for one in found["rollouts"]
        ),
    )


def approve(
    rollout: RolloutId,
    region: Annotated[str, typer.Option("--region", "-r", help="Only this region; default: all that wait.")] = "",
    reason: Reason = "",
    as_user: AsOption = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Approve the regions that wait; whoever published the release may not."""
    _order("approve", rollout, {"region": region, "reason": reason}, as_user, home, json_=json_)


def pause(
    rollout: RolloutId,
    reason: Reason = "",
    as_user: AsOption = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Start no new stage anywhere; what runs keeps running, bake time stands still."""
    _order("pause", rollout, {"reason": reason}, as_user, home, json_=json_)


def resume(
    rollout: RolloutId,
    bake: Annotated[int, typer.Option("--bake", help="Seconds more to bake before a gate is asked again.", min=0)] = 0,
    reason: Reason = "",
    as_user: AsOption = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Go on; a region in trouble tries again, a gate is asked again."""
    _order("resume", rollout, {"reason": reason, "bake_seconds": bake}, as_user, home, json_=json_)


def abort(
    rollout: RolloutId,
    reason: Reason = "",
    as_user: AsOption = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Stop for good; regions that have the release keep it."""
    _order("abort", rollout, {"reason": reason}, as_user, home, json_=json_)


def rollback(
    rollout: RolloutId,
    region: Annotated[str, typer.Option("--region", "-r", help="Only this region, once the rollout is over.")] = "",
    reason: Reason = "",
    as_user: AsOption = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Stop, and return every region that moved to the fallback its officers consented to in advance."""
    _order("rollback", rollout, {"region": region, "reason": reason}, as_user, home, json_=json_)


def _order(verb: str, rollout: str, body: Document, as_user: str | None, home: Path | None, *, json_: bool) -> None:
    with client(as_user, home) as asked:
        found = post(asked, f"/rollouts/{rollout}/{verb}", body)
    _tell(Output(json_), found)


def _tell(output: Output, found: Document) -> None:
    if output.json:
        output.document(with_regions(found))
        return
    output.say(headline(found))
    output.table(("WAVE#", "REGION", "PHASE", "APPROVED BY", "CONSENT", "GATE", "NOTE"), lane_rows(found))


def with_regions(found: Document) -> Document:
    """The document with the regions of all waves in one list, and those that wait for approval."""
    lanes = [lane for wave in found["waves"] for lane in wave["regions"]]
    regions = [{"region": lane["region"], "state": lane["phase"]} for lane in lanes]
    awaiting = [lane["region"] for lane in lanes if lane["phase"] == "awaiting-approval"]
    return {**found, "regions": regions, "awaiting": awaiting}


def headline(found: Document) -> str:
    """One line that says what is the case."""
    words = f"Rollout [bold]{found['id']}[/] of release {found['version']}: [bold]{found['state']}[/]"
    if found["pause_reason"]:
        words += f" ({found['pause_reason']})"
    return f"{words}. {found['summary']}" if found["summary"] else f"{words}."


def lane_rows(found: Document) -> list[tuple[object, ...]]:
    """One row per region."""
    rows: list[tuple[object, ...]] = []
    for wave in found["waves"]:
        for lane in wave["regions"]:
            verdicts = lane.get("verdicts") or []
            note = (
                "away; catches up when it returns" if lane.get("away") else lane.get("paused") or lane.get("code") or ""
            )
            rows.append(
                (
                    wave["number"],
                    lane["region"],
                    lane["phase"],
                    lane.get("approved_by") or ("-" if wave["needs_approval"] else "not needed"),
                    lane.get("consent", "none"),
                    verdicts[-1]["verdict"] if verdicts else "-",
                    note,
                )
            )
    return rows
