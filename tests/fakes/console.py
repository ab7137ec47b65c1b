"""A fake of every port of the console's pages, with four regions; actions change it as the real centre would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from control_plane.console.web.facts.evidence import EvidenceFact
from control_plane.console.web.facts.fleet import Activity, RegionFact
from control_plane.console.web.facts.left import LeftFact
from control_plane.console.web.facts.people import Person, Role
from control_plane.console.web.facts.release import ReleaseFact
from control_plane.console.web.facts.rollout import RolloutFact
from control_plane.console.web.facts.spend import SpendFact
from control_plane.console.web.ports import ActionRefusedError, ConsoleDeps, EvidenceAsk
from control_plane.domain.words import RegionId
from tests.fakes import console_data as data

PEOPLE = {
    "amara": Person("amara", "Amara Nwosu", frozenset({Role.OPERATIONS})),
    "jonas": Person("jonas", "Jonas Weber", frozenset({Role.OPERATIONS})),
    "rosa": Person("rosa", "Rosa Okafor", frozenset({Role.AUDITOR})),
    "vera": Person("vera", "Vera Lind", frozenset({Role.VIEWER})),
}
STATES = {"pause": "paused", "resume": "running", "abort": "aborted", "rollback": "rolled-back"}


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class FakeConsole:
    """Implements all ports of `ports.py` over values in memory."""

    def __init__(self, now: datetime, *, empty: bool = False) -> None:
        self.empty = empty
        self.region_facts = () if empty else data.regions(now)
        self.rollout_facts = () if empty else data.rollouts(now)
        self.release_facts = () if empty else data.releases(now)
        self.evidence_facts = () if empty else data.evidence(now)
        self.events = () if empty else data.activity(now)
        self.links: dict[str, str] = {}
        self.done: list[tuple[str, str, str, str]] = []
        self._watchers: list[asyncio.Queue[str]] = []

    def link(self, name: str) -> str:
        """A one-time token for a person."""
        token = f"link-{name}-{len(self.links)}"
        self.links[token] = name
        return token

    def say(self, topic: str) -> None:
        """Tell open pages that a topic changed."""
        for queue in self._watchers:
            queue.put_nowait(topic)

    def grow(self, region: str, entries: int) -> None:
        """A region's ledger grew, as a new checkpoint says."""
        now = datetime.now(UTC)
        self.region_facts = tuple(
            replace(r, ledger=replace(r.ledger, size=r.ledger.size + entries, cosigned_at=now))
            if r.id == region and r.ledger
            else r
            for r in self.region_facts
        )
        self.events = (Activity(now, region, f"Checkpoint grew by {entries} entries, cosigned."), *self.events)
        self.say("regions")

    async def regions(self) -> tuple[RegionFact, ...]:
        return self.region_facts

    async def activity(self, limit: int) -> tuple[Activity, ...]:
        return self.events[:limit]

    async def left(self, region: RegionId, since: datetime) -> LeftFact | None:
        found = next((r for r in self.region_facts if r.id == region), None)
        return data.left(since + timedelta(days=1), found) if found else None

    async def releases(self) -> tuple[ReleaseFact, ...]:
        return self.release_facts

    async def release(self, version: int) -> ReleaseFact | None:
        return next((r for r in self.release_facts if r.ref.version == version), None)

    async def rollouts(self) -> tuple[RolloutFact, ...]:
        return self.rollout_facts

    async def rollout(self, rollout: str) -> RolloutFact | None:
        return next((r for r in self.rollout_facts if r.id == rollout), None)

    async def spend(self, start: datetime, end: datetime, bucket: timedelta) -> SpendFact:
        seconds = int(bucket.total_seconds())
        if self.empty:
            return SpendFact(start, end, seconds, (), ())
        return SpendFact(start, end, seconds, data.cells(start, end, bucket), data.sources(end), data.MACHINES)

    async def evidence(self) -> tuple[EvidenceFact, ...]:
        return self.evidence_facts

    async def redeem(self, token: str) -> Person | None:
        return PEOPLE.get(self.links.pop(token, ""))

    async def person(self, name: str) -> Person | None:
        return PEOPLE.get(name)

    async def act(self, who: Person, rollout: str, verb: str, reason: str) -> None:
        found = await self.rollout(rollout)
        if not found or not who.may(Role.OPERATIONS):
            raise ActionRefusedError("Only central operations may do this.")
        self.done.append((who.name, rollout, verb, reason))
        at = datetime.now(UTC)
        changed = replace(
            found,
            state=STATES.get(verb, "running"),
            events=(Activity(at, "centre", f"{who.name}: {verb}."), *found.events),
        )
        if verb == "approve":
            waves = tuple(
                w if w.approved_by or not w.needs_approval else replace(w, approved_by=who.name, approved_at=at)
                for w in found.waves
            )
            changed = replace(changed, waves=waves)
        self.rollout_facts = tuple(changed if r.id == rollout else r for r in self.rollout_facts)
        self.say("rollouts")

    async def ask_evidence(self, who: Person, ask: EvidenceAsk) -> str:
        number = f"ev-{51 + len(self.done):04d}"
        self.done.append((who.name, ask.region, "ask", ask.recipient))
        fact = EvidenceFact(
            number, ask.region, "EU", "requested", who.name, datetime.now(UTC), ask.first, ask.next, ask.recipient
        )
        self.evidence_facts = (fact, *self.evidence_facts)
        self.say("evidence")
        return number

    async def approve_region(self, who: Person, region: RegionId) -> None:
        self.region_facts = tuple(replace(r, state="connected") if r.id == region else r for r in self.region_facts)
        self.done.append((who.name, region, "approve-region", ""))
        self.say("regions")

    async def watch(self) -> AsyncIterator[str]:
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._watchers.append(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._watchers.remove(queue)


class FakeActions:
    """The actions of a FakeConsole under the names of the port."""

    def __init__(self, fake: FakeConsole) -> None:
        self._fake = fake

    async def rollout(self, who: Person, rollout: str, verb: str, reason: str) -> None:
        await self._fake.act(who, rollout, verb, reason)

    async def ask_evidence(self, who: Person, ask: EvidenceAsk) -> str:
        return await self._fake.ask_evidence(who, ask)

    async def approve_region(self, who: Person, region: RegionId) -> None:
        await self._fake.approve_region(who, region)


def deps(fake: FakeConsole) -> ConsoleDeps:
    """The fake as everything the pages need."""
    return ConsoleDeps(
        fleet=fake,
        releases=fake,
        rollouts=fake,
        spend=fake,
        evidence=fake,
        accounts=fake,
        actions=FakeActions(fake),
        changes=fake,
        clock=WallClock(),
        session_key=b"k" * 32,
        centre="northbridge",
        unreachable=(OSError,),
    )
