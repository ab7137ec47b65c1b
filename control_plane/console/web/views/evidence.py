"""Evidence requests: who waits for whom, and how to verify what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from control_plane.console.web import formats
from control_plane.console.web.facts.evidence import EvidenceFact
from control_plane.console.web.facts.people import Person, Role
from control_plane.console.web.views.parts import Button, State

CLOSED = frozenset({"refused", "failed", "expired"})


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A line of the table."""

    id: str
    by: str
    at: datetime
    state: State
    note: str
    region: str
    jurisdiction: str
    range: str
    grant_ends: datetime | None
    recipient: str
    digest: str
    size: str
    next: str
    ready: bool


@dataclass(frozen=True, slots=True)
class HowTo:
    """The commands for the newest bundle that is ready."""

    id: str
    pull: str
    verify: str
    ends: datetime | None
    digest: str
    region: str
    url: str


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """Everything the evidence page prints."""

    rows: tuple[EvidenceRow, ...]
    open: int
    howto: HowTo | None
    ask: Button


def build(requests: Sequence[EvidenceFact], who: Person, chosen: str, now: datetime) -> EvidenceView:
    """`chosen` is the id whose commands to show, else the newest one that is ready."""
    ready = [r for r in requests if r.state == "ready"]
    picked = next((r for r in ready if r.id == chosen), ready[0] if ready else None)
    why = "" if may_ask(who) else "Only auditors and central operations may ask; the region's officer decides."
    return EvidenceView(
        rows=tuple(_row(r, now) for r in requests),
        open=sum(is_open(r) for r in requests),
        howto=_howto(picked) if picked else None,
        ask=Button("Ask for evidence\u2026", "/evidence/ask", "pri", why),
    )


def may_ask(who: Person) -> bool:
    """Auditors ask; central operations may on their behalf."""
    return who.may(Role.AUDITOR, Role.OPERATIONS)


def is_open(request: EvidenceFact) -> bool:
    """Whether someone is still waited for."""
    return request.state in {"requested", "granted", "building"}


def _row(request: EvidenceFact, now: datetime) -> EvidenceRow:
    away = not request.region_online and request.state == "requested"
    ended = request.grant_ends is not None and request.grant_ends < now
    return EvidenceRow(
        id=request.id,
        by=request.asked_by,
        at=request.asked_at,
        state=State("offline", "region away") if away else State(request.state),
        note=_note(request, away=away),
        region=request.region,
        jurisdiction=request.jurisdiction,
        range=_range(request),
        grant_ends=request.grant_ends,
        recipient=_recipient(request.recipient),
        digest=request.digest,
        size=formats.size(request.bytes) if request.bytes else "",
        next=_next(request, away=away),
        ready=request.state == "ready" and not ended,
    )


def _note(request: EvidenceFact, *, away: bool) -> str:
    if away:
        return "asked when it returns"
    return {
        "requested": f"officer of {request.jurisdiction} decides",
        "granted": "the region builds it",
        "building": "in the region",
        "ready": "pull it from the region",
        "refused": request.code or "by the officer",
        "failed": request.code,
        "expired": "the grant ran out",
    }.get(request.state, "")


def _next(request: EvidenceFact, *, away: bool) -> str:
    if away:
        return "region"
    return {"requested": "officer", "granted": "region", "building": "region"}.get(request.state, "closed")


def _range(request: EvidenceFact) -> str:
    if request.first is None and request.next is None:
        return "all entries"
    if request.next is None:
        return f"from {formats.count(request.first or 0)}"
    return f"{formats.count(request.first or 0)} to {formats.count(request.next - 1)}"


def _recipient(recipient: str) -> str:
    return f"{recipient[:8]}\u2026{recipient[-4:]}" if len(recipient) > 16 else recipient


def _howto(request: EvidenceFact) -> HowTo:
    name = f"{request.region}-{request.first or 0}-{request.next or 'NEXT'}.tar"
    address = request.evidence_url or "ADDRESS"
    return HowTo(
        id=request.id,
        pull=f"bailiwick evidence pull {address} --token TOKEN --identity age-key.txt",
        verify=f"bailiwick verify {name} --trust trust.json",
        ends=request.grant_ends,
        digest=request.digest,
        region=request.region,
        url=request.evidence_url,
    )
