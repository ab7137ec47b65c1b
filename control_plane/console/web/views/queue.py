"""What waits for a person, oldest first, and whether the reader is that person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from control_plane.console.web.facts.fleet import RegionFact
from control_plane.console.web.facts.people import Person, Role
from control_plane.console.web.facts.rollout import RolloutFact
from control_plane.console.web.views.parts import Link, State


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line: what is the case (text before and after a link), since when, who may act, the reader's own button."""

    state: State
    subject: Link
    before: str
    after: str
    since: datetime
    who: str
    action: Link | None = None
    code: str = ""


def queue(regions: Sequence[RegionFact], rollouts: Sequence[RolloutFact], who: Person) -> tuple[Waiting, ...]:
    """Sorted by age."""
    found = [w for r in regions for w in _region(r, who)] + [w for r in rollouts for w in _rollout(r, who)]
    return tuple(sorted(found, key=lambda w: w.since))


def _region(region: RegionFact, who: Person) -> list[Waiting]:
    here = Link(region.id, f"/regions/{region.id}")
    officer = f"officer of {region.jurisdiction}"
    out = [
        Waiting(State("awaiting-consent"), here, "", f" holds release {o.version} for its officers.", o.at, officer)
        if o.state == "awaiting-consent"
        else Waiting(State("vetoed"), here, "", f" refused release {o.version}:", o.at, "release author", code=o.code)
        for o in region.offers
        if o.state in {"awaiting-consent", "vetoed"} and _still_open(region, o.version)
    ]
    if region.state in {"disconnected", "expired"}:
        out.append(
            Waiting(
                State(region.state),
                here,
                "",
                " sends nothing. Its reports wait there and arrive when it returns.",
                region.since,
                officer,
            )
        )
    if region.state == "conflict-paused":
        out.append(
            Waiting(
                State("conflict-paused"),
                here,
                "",
                " contradicts what the centre holds. It resumes when its officer says so.",
                region.since,
                officer,
            )
        )
    if region.state == "awaiting-approval":
        act = Link("Review", f"/regions/{region.id}/approve") if who.may(Role.OPERATIONS) else None
        out.append(
            Waiting(State("awaiting-approval"), here, "", " asks to be enrolled.", region.since, "operations", act)
        )
    return out


def _still_open(region: RegionFact, version: int) -> bool:
    """A veto or a wait stops mattering once the region runs something newer."""
    return region.observed is None or region.observed.version < version


def _rollout(rollout: RolloutFact, who: Person) -> list[Waiting]:
    here = Link(f"Rollout {rollout.version}", f"/rollouts/{rollout.id}")
    review = Link("Review", here.href)
    wave = rollout.waits_for_wave
    if wave:
        names = ", ".join(lane.region for lane in wave.lanes)
        mine = who.may(Role.OPERATIONS) and who.name != rollout.publisher
        since = max(
            (lane.ended_at for w in rollout.waves for lane in w.lanes if lane.ended_at), default=rollout.started_at
        )
        text = f" may not enter {names} until central operations approve it."
        return [Waiting(State("awaiting-approval"), here, "", text, since, "operations", review if mine else None)]
    if rollout.state == "paused":
        since = rollout.events[0].at if rollout.events else rollout.started_at
        mine = who.may(Role.OPERATIONS)
        code = rollout.pause_reason if rollout.pause_reason.isupper() else ""
        return [
            Waiting(
                State("paused"),
                here,
                "",
                " is paused until someone resumes, aborts or rolls it back.",
                since,
                "operations",
                review if mine else None,
                code,
            )
        ]
    return []
