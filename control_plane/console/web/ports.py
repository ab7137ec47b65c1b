"""What the console needs from the rest of the centre.

Small protocols, owned here; adapters and a fake implement them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from control_plane.console.web.facts.evidence import EvidenceFact
from control_plane.console.web.facts.fleet import Activity, RegionFact
from control_plane.console.web.facts.left import LeftFact
from control_plane.console.web.facts.people import Person
from control_plane.console.web.facts.release import ReleaseFact
from control_plane.console.web.facts.rollout import RolloutFact
from control_plane.console.web.facts.spend import SpendFact
from control_plane.domain.words import RegionId


class ActionRefusedError(Exception):
    """An action was not done. `reason` is shown to the person; `fix` says what to do instead."""

    def __init__(self, reason: str, fix: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.fix = fix


class UnavailableError(Exception):
    """A store or engine behind a port does not answer. `what` begins a sentence: "Spend"."""

    def __init__(self, what: str, path: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.path = path


class FleetReader(Protocol):
    """Regions and what happened lately. Reads MUST NOT change anything and MUST be safe to repeat."""

    async def regions(self) -> tuple[RegionFact, ...]:
        """All regions ever enrolled and not removed, by id."""
        ...

    async def activity(self, limit: int) -> tuple[Activity, ...]:
        """The newest events, newest first."""
        ...

    async def left(self, region: RegionId, since: datetime) -> LeftFact | None:
        """What the centre received from a region; None if there is no such region."""
        ...


class ReleaseReader(Protocol):
    """Releases."""

    async def releases(self) -> tuple[ReleaseFact, ...]:
        """Newest first; `changes` and `rules` MAY be left out."""
        ...

    async def release(self, version: int) -> ReleaseFact | None:
        """One release, with changes and rules."""
        ...


class RolloutReader(Protocol):
    """Rollouts."""

    async def rollouts(self) -> tuple[RolloutFact, ...]:
        """Newest first; `events` MAY be left out."""
        ...

    async def rollout(self, rollout: str) -> RolloutFact | None:
        """One rollout, with its events."""
        ...


class SpendReader(Protocol):
    """What was reported."""

    async def spend(self, start: datetime, end: datetime, bucket: timedelta) -> SpendFact:
        """Released cells of reports that end in [start, end), summed per `bucket` (aligned to the Unix epoch)."""
        ...


class EvidenceReader(Protocol):
    """Evidence requests."""

    async def evidence(self) -> tuple[EvidenceFact, ...]:
        """All requests, newest first."""
        ...


class Accounts(Protocol):
    """Sign-in."""

    async def redeem(self, token: str) -> Person | None:
        """Use up a one-time link. MUST return None for a token that is unknown, used or expired."""
        ...

    async def person(self, name: str) -> Person | None:
        """The user as of now, None when removed or locked."""
        ...


@dataclass(frozen=True, slots=True)
class EvidenceAsk:
    """A question to a region's officer."""

    region: RegionId
    recipient: str
    first: int | None = None
    next: int | None = None


class Actions(Protocol):
    """What changes something.

    Each MUST check the person's permission itself and raise ActionRefusedError with words for people.
    """

    async def rollout(self, who: Person, rollout: str, verb: str, reason: str) -> None:
        """`verb` is approve, pause, resume, abort or rollback."""
        ...

    async def ask_evidence(self, who: Person, ask: EvidenceAsk) -> str:
        """Returns the id of the request."""
        ...

    async def approve_region(self, who: Person, region: RegionId) -> None:
        """Second yes of central operations to an enrolment."""
        ...


class Changes(Protocol):
    """Tells that something changed, so that open pages read again."""

    def watch(self) -> AsyncIterator[str]:
        """Yields a topic (regions, rollouts, reports, evidence, releases) within a second of each change.

        MUST end when cancelled.
        """
        ...


class Clock(Protocol):
    """The centre's time."""

    def now(self) -> datetime:
        """Aware, UTC."""
        ...


@dataclass(frozen=True, slots=True)
class ConsoleDeps:
    """Everything the pages are composed of; built by the process's composition root.

    `unreachable` are the errors by which a store tells that it does not answer.
    """

    fleet: FleetReader
    releases: ReleaseReader
    rollouts: RolloutReader
    spend: SpendReader
    evidence: EvidenceReader
    accounts: Accounts
    actions: Actions
    changes: Changes
    clock: Clock
    session_key: bytes
    centre: str
    secure_cookie: bool = False
    unreachable: tuple[type[Exception], ...] = ()
