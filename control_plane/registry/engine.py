"""Transactions on PostgreSQL: one session, all stores."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from control_plane.registry.migrate import sqlalchemy_address
from control_plane.registry.store_evidence import SqlEvidence, SqlGates
from control_plane.registry.store_fleet import SqlFleet, SqlLinks
from control_plane.registry.store_ledger import SqlLog, SqlWitness
from control_plane.registry.store_people import SqlUsers
from control_plane.registry.store_regions import SqlCertificates, SqlInvitations, SqlRegions
from control_plane.registry.store_releases import SqlReleases, SqlSigning
from control_plane.registry.store_reports import SqlReports
from control_plane.registry.store_rollouts import SqlAnswers, SqlRollouts
from control_plane.registry.store_spend import SqlSpend
from control_plane.registry.store_states import SqlStates
from control_plane.services.ports import Transaction


def open_engine(dsn: str, pool: int) -> AsyncEngine:
    """A pool of at most `pool` connections; connects on first use, checks a connection before it is used again."""
    return create_async_engine(
        sqlalchemy_address(dsn), pool_size=pool, max_overflow=0, pool_pre_ping=True, connect_args={"connect_timeout": 5}
    )


def stores(session: AsyncSession) -> Transaction:
    """All stores over one session."""
    return Transaction(
        regions=SqlRegions(session),
        certificates=SqlCertificates(session),
        invitations=SqlInvitations(session),
        releases=SqlReleases(session),
        signing=SqlSigning(session),
        fleet=SqlFleet(session),
        links=SqlLinks(session),
        states=SqlStates(session),
        gates=SqlGates(session),
        evidence=SqlEvidence(session),
        reports=SqlReports(session),
        spend=SqlSpend(session),
        witness=SqlWitness(session),
        log=SqlLog(session),
        users=SqlUsers(session),
        rollouts=SqlRollouts(session),
        answers=SqlAnswers(session),
    )


class PostgresRegistry:
    """The registry of a centre: transactions at READ COMMITTED, with row locks where a store says `lock`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        """A transaction: committed when the block ends, rolled back when it raises."""
        async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
            yield stores(session)
