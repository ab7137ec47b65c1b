"""Rollouts and evidence requests, for the console, from the centre's services."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from control_plane.console.web.facts.evidence import EvidenceFact
from control_plane.console.web.facts.fleet import Activity
from control_plane.console.web.facts.rollout import LaneFact, RolloutFact, VerdictFact, WaveFact
from control_plane.domain.fleet import EvidenceRequest
from control_plane.domain.rollouts import Happening, LaneView, Mode, Phase, Rollout
from control_plane.domain.words import RegionId, digest_text
from control_plane.services.evidence import Evidence
from control_plane.services.regions import Regions, RegionView
from control_plane.services.releases import Releases
from control_plane.services.rollouts import Rollouts, newest_lanes

QUIET = frozenset({"phase-waiting", "phase-offered", "phase-staging", "phase-gating", "consent-none"})
WORDS: Mapping[str, str] = {
    "started": "{actor} started the rollout.",
    "wave-started": "Wave {detail} starts.",
    "approval-awaited": "{detail} waits for approval.",
    "approved": "{actor} approved.",
    "paused": "{actor} paused the rollout.",
    "resumed": "{actor} resumed the rollout.",
    "abort-asked": "{actor} aborted the rollout.",
    "rollback-asked": "{actor} asked to roll back.",
    "rolling-back": "{actor} asked to roll back.",
    "complete": "The rollout is complete.",
    "aborted": "The rollout is aborted.",
    "rolled-back": "The rollout is rolled back.",
    "paused-itself": "Paused by itself: {detail}.",
    "region-away": "Is away; it catches up when it returns.",
    "region-back": "Is back.",
    "consent-waiting": "Waits for its officers' consent.",
    "consent-given": "Officers consented.",
    "consent-vetoed": "Officers refused: {detail}.",
    "observed": "Observed {short}.",
    "gate-answered": "Gate: {detail}.",
    "phase-awaiting-approval": "Waits for approval at the centre.",
    "phase-awaiting-consent": "Asked its officers.",
    "phase-baking": "Bake starts.",
    "phase-converged": "Converged.",
    "phase-vetoed": "Keeps what it runs.",
    "phase-failed": "Needs a person: {detail}.",
    "phase-aborted": "Stopped.",
    "phase-rolling-back": "Goes back to the fallback.",
    "phase-rolled-back": "Runs the fallback.",
    "phase-superseded": "Another rollout took this region over.",
}
STATES: Mapping[str, str] = {
    "requested": "requested",
    "received": "requested",
    "granted": "granted",
    "built": "ready",
    "downloaded": "ready",
    "refused": "refused",
    "expired": "expired",
}


class CentreRollouts:
    """`RolloutReader` of the console's ports."""

    def __init__(self, rollouts: Rollouts, releases: Releases, regions: Regions) -> None:
        self._rollouts = rollouts
        self._releases = releases
        self._regions = regions

    async def rollouts(self) -> tuple[RolloutFact, ...]:
        """Newest first."""
        views, versions = await self._views(), await self._versions()
        return tuple(_fact(one, views, versions) for one in await self._rollouts.all())

    async def rollout(self, rollout: str) -> RolloutFact | None:
        """One rollout, with its events."""
        if not rollout.isdigit():
            return None
        found = [one for one in await self._rollouts.all() if one.plan.rollout == rollout]
        if not found:
            return None
        return _fact(await self._rollouts.get(rollout), await self._views(), await self._versions())

    async def _views(self) -> Mapping[str, RegionView]:
        return {view.region.id: view for view in await self._regions.list()}

    async def _versions(self) -> Mapping[str, int]:
        return {digest_text(release.digest): release.version for release in await self._releases.list()}


class CentreEvidence:
    """`EvidenceReader` of the console's ports. `urls` maps a region to its evidence address, where it is known."""

    def __init__(self, evidence: Evidence, regions: Regions, urls: Mapping[str, str]) -> None:
        self._evidence = evidence
        self._regions = regions
        self._urls = urls

    async def evidence(self) -> tuple[EvidenceFact, ...]:
        """All requests, newest first."""
        views = {view.region.id: view for view in await self._regions.list()}
        return tuple(self._fact(one, views.get(one.region)) for one in await self._evidence.all())

    def _fact(self, found: EvidenceRequest, view: RegionView | None) -> EvidenceFact:
        granted = found.phase in {"granted", "built", "downloaded"}
        return EvidenceFact(
            id=found.id.hex(),
            region=found.region,
            jurisdiction=view.region.jurisdiction if view else "",
            state=STATES[found.phase],
            asked_by=found.requested_by,
            asked_at=found.requested_at,
            first=found.built_first if found.bundle else found.first or None,
            next=found.built_next if found.bundle else found.next or None,
            recipient=found.recipient,
            granted_at=found.updated_at if granted else None,
            grant_ends=found.expires_at if granted else None,
            digest=digest_text(found.bundle) if found.bundle else "",
            region_online=view is not None and view.state != "disconnected",
            evidence_url=self._urls.get(found.region, ""),
        )


def _fact(found: Rollout, views: Mapping[str, RegionView], versions: Mapping[str, int]) -> RolloutFact:
    plan, progress = found.plan, found.progress
    lanes = {lane.region: lane for lane in newest_lanes(found.lanes)}
    forward = {lane.region: lane for lane in found.lanes if lane.mode is Mode.FORWARD}
    waves = tuple(
        WaveFact(
            number=number,
            bake_seconds=plan.gate.bake_seconds,
            lanes=tuple(
                _lane(name, lanes.get(name), forward.get(name), views.get(name), progress.state.over) for name in names
            ),
            needs_approval=plan.approvals and number > 1,
            approved_by=next(
                (forward[name].approved_by for name in names if name in forward and forward[name].approved_by), ""
            ),
            approved_at=next(
                (_at(forward[name].approved_at) for name in names if name in forward and forward[name].approved_at),
                None,
            ),
        )
        for number, names in enumerate(plan.waves, 1)
    )
    return RolloutFact(
        id=plan.rollout,
        version=plan.version,
        state="running" if progress.state.value == "starting" else progress.state.value,
        started_by=plan.started_by,
        started_at=datetime.fromisoformat(found.started_at),
        publisher=plan.publisher,
        waves=waves,
        fallback=versions.get(plan.fallback),
        ended_at=_at(progress.ended_at),
        summary=progress.summary,
        pause_reason=progress.pause_reason,
        events=tuple(_activity(one) for one in reversed(found.happenings) if one.code not in QUIET),
    )


def _lane(
    name: str,
    lane: LaneView | None,
    forward: LaneView | None,
    view: RegionView | None,
    over: bool,  # noqa: FBT001 - a fact
) -> LaneFact:
    jurisdiction = view.region.jurisdiction if view else ""
    online = view is not None and view.state != "disconnected"
    if lane is None:
        return LaneFact(RegionId(name), jurisdiction, "skipped" if over else "waiting", online)
    shown = forward or lane
    return LaneFact(
        region=RegionId(name),
        jurisdiction=jurisdiction,
        phase=lane.phase.value,
        online=online,
        consent=shown.consent,
        consent_at=_at(shown.consent_at),
        veto_code=shown.code if shown.phase is Phase.VETOED else "",
        staged_at=_at(shown.staged_at),
        bake_started=_at(shown.bake_started),
        verdicts=tuple(VerdictFact(datetime.fromisoformat(one.at), one.verdict, one.code) for one in shown.verdicts),
        ended_at=_at(lane.ended_at),
        keeps=view.seen.version if view and view.seen and not shown.moved else None,
        approved_by=shown.approved_by,
        approved_at=_at(shown.approved_at),
    )


def _activity(one: Happening) -> Activity:
    words = WORDS.get(one.code, one.code.replace("-", " ").capitalize() + ".")
    text = words.format(
        actor=one.actor or "The centre", detail=one.detail, short=one.detail.removeprefix("sha256:")[:8]
    )
    if one.actor and one.detail and "{detail}" not in words:
        text = f"{text.rstrip('.')}: “{one.detail}”."
    return Activity(datetime.fromisoformat(one.at), one.place, text)


def _at(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
