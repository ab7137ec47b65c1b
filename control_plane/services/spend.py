"""Spend, out of what regions have reported. The centre adds; it never knows what was withheld."""

from __future__ import annotations

from control_plane.domain.spend import Spend, SpendQuery
from control_plane.services.ports import Registry


class SpendReader:
    """Answers queries over spend."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def read(self, query: SpendQuery) -> Spend:
        """Sums, machine lines and how far each region's reports reach, all as of one moment."""
        async with self._registry.begin() as tx:
            rows = await tx.spend.sums(query)
            machines = await tx.spend.machines(query)
            coverage = await tx.spend.coverage()
        return Spend(query, tuple(rows), tuple(machines), tuple(coverage))
