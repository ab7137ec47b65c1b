"""The read model of rollouts, and answers to repeated requests, in PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from bailiwick.contract import canonical
from bailiwick.contract.times import format_time
from control_plane.domain.rollouts import Gate, Happening, LaneView, Mode, Phase, Plan, Progress, Rollout, State
from control_plane.domain.rollouts import VerdictSeen as Seen
from control_plane.registry.tables_rollouts import IdempotencyRow, RolloutEventRow, RolloutRegionRow, RolloutRow
from control_plane.services.rollout_ports import KeptAnswer

ANSWERS_KEPT = timedelta(days=1)


class SqlRollouts:
    """The read model of rollouts."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def next_id(self) -> str:
        """A number that no rollout has had."""
        return str(await self._session.scalar(text("SELECT nextval('rollout_number')")))

    async def add(self, plan: Plan, at: datetime) -> None:
        """Record a rollout in state `starting`; a known one is left as it is."""
        progress = Progress(plan.rollout, State.STARTING)
        new = insert(RolloutRow).values(
            id=int(plan.rollout),
            version=plan.version,
            plan=asdict(plan),
            state=progress.state.value,
            progress=asdict(progress),
            sequence=0,
            started_at=at,
        )
        await self._session.execute(new.on_conflict_do_nothing())

    async def progress(self, progress: Progress, happenings: Sequence[Happening]) -> None:
        """Keep the progress unless a newer one is there, and each happening once."""
        row = await self._session.get(RolloutRow, int(progress.rollout), with_for_update=True, populate_existing=True)
        if row is not None and row.sequence < progress.sequence:
            row.progress, row.sequence, row.state = asdict(progress), progress.sequence, progress.state.value
        await self._happen(progress.rollout, happenings)

    async def lane(self, view: LaneView, happenings: Sequence[Happening]) -> None:
        """Keep the lane unless a newer one is there, and each happening once."""
        values = {"wave": view.wave, "phase": view.phase.value, "sequence": view.sequence, "view": asdict(view)}
        new = insert(RolloutRegionRow).values(
            rollout=int(view.rollout), region=view.region, mode=view.mode.value, **values
        )
        older = col(RolloutRegionRow.sequence) < view.sequence
        keys = ["rollout", "region", "mode"]
        await self._session.execute(new.on_conflict_do_update(index_elements=keys, set_=values, where=older))
        await self._happen(view.rollout, happenings)

    async def get(self, rollout: str) -> Rollout | None:
        """One rollout with its lanes and happenings, oldest first."""
        if not rollout.isdigit():
            return None
        row = await self._session.get(RolloutRow, int(rollout), populate_existing=True)
        if row is None:
            return None
        wanted = select(RolloutEventRow).where(col(RolloutEventRow.rollout) == row.id)
        events = await self._session.scalars(wanted.order_by(col(RolloutEventRow.at), col(RolloutEventRow.id)))
        happenings = tuple(Happening(**_texts(event.happening)) for event in events)
        return _rollout(row, (await self._lanes([row.id])).get(row.id, ()), happenings)

    async def all(self, limit: int) -> Sequence[Rollout]:
        """Newest first, with lanes, without happenings."""
        wanted = select(RolloutRow).order_by(col(RolloutRow.id).desc()).limit(limit)
        rows = list(await self._session.scalars(wanted.execution_options(populate_existing=True)))
        lanes = await self._lanes([row.id for row in rows])
        return [_rollout(row, lanes.get(row.id, ())) for row in rows]

    async def _lanes(self, rollouts: list[int]) -> Mapping[int, tuple[LaneView, ...]]:
        wanted = select(RolloutRegionRow).where(col(RolloutRegionRow.rollout).in_(rollouts))
        order = col(RolloutRegionRow.rollout), col(RolloutRegionRow.wave), col(RolloutRegionRow.region)
        rows = await self._session.scalars(wanted.order_by(*order).execution_options(populate_existing=True))
        found: dict[int, tuple[LaneView, ...]] = {}
        for row in rows:
            found[row.rollout] = (*found.get(row.rollout, ()), lane_of(row.view))
        return found

    async def _happen(self, rollout: str, happenings: Iterable[Happening]) -> None:
        for happening in happenings:
            values = asdict(happening)
            new = insert(RolloutEventRow).values(
                rollout=int(rollout),
                digest=hashlib.sha256(canonical.dumps({"rollout": rollout, **values})).digest(),
                at=datetime.fromisoformat(happening.at),
                happening=values,
            )
            await self._session.execute(new.on_conflict_do_nothing(index_elements=["digest"]))


class SqlAnswers:
    """Answers to writes that carried an idempotency key."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def answered(self, actor: str, key: str) -> KeptAnswer | None:
        """The answer given before; holds back others with the same key until the transaction ends."""
        number = int.from_bytes(hashlib.sha256(f"{actor}\n{key}".encode()).digest()[:8], signed=True)
        await self._session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
        row = await self._session.get(IdempotencyRow, (actor, key), populate_existing=True)
        return None if row is None else KeptAnswer(row.request, row.status, row.answer)

    async def keep(self, actor: str, key: str, answer: KeptAnswer, at: datetime) -> None:
        """Keep an answer, and drop those older than a day."""
        await self._session.execute(delete(IdempotencyRow).where(col(IdempotencyRow.at) < at - ANSWERS_KEPT))
        new = insert(IdempotencyRow).values(
            actor=actor, key=key, request=answer.request, status=answer.status, answer=answer.answer, at=at
        )
        await self._session.execute(new.on_conflict_do_nothing())


def lane_of(document: Mapping[str, object]) -> LaneView:
    """The lane that a document keeps."""
    values = dict(document)
    verdicts = values.pop("verdicts")
    assert isinstance(verdicts, list)  # noqa: S101 - written by `lane`
    values |= {"mode": Mode(str(values["mode"])), "phase": Phase(str(values["phase"]))}
    return LaneView(**values, verdicts=tuple(Seen(**seen) for seen in verdicts))  # type: ignore[arg-type] # as written


def plan_of(document: Mapping[str, object]) -> Plan:
    """The plan that a document keeps."""
    values = dict(document)
    waves, gate = values.pop("waves"), values.pop("gate")
    assert isinstance(waves, list)  # noqa: S101 - written by `add`
    assert isinstance(gate, dict)  # noqa: S101 - written by `add`
    values |= {"mode": Mode(str(values["mode"]))}
    return Plan(**values, waves=tuple(tuple(wave) for wave in waves), gate=Gate(**gate))  # type: ignore[arg-type] # as written


def _rollout(row: RolloutRow, lanes: tuple[LaneView, ...], happenings: tuple[Happening, ...] = ()) -> Rollout:
    values = dict(row.progress) | {"state": State(str(row.progress["state"]))}
    progress = Progress(**values)  # type: ignore[arg-type] # as written
    return Rollout(plan_of(row.plan), format_time(row.started_at), progress, lanes, happenings)


def _texts(document: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in document.items()}
