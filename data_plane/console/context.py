"""What every route of the console may use, made once by the composition root."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request

if TYPE_CHECKING:
    import asyncpg

    from data_plane.settings import RegionSettings


@dataclass(frozen=True)
class Context:
    """The region's settings and its database, as the role `bw_console`."""

    settings: RegionSettings
    pool: asyncpg.Pool

    def now(self) -> datetime:
        """The present, in UTC."""
        return datetime.now(UTC)


def context_of(request: Request) -> Context:
    """The context that the composition root left on the application."""
    return cast("Context", request.app.state.context)


Ctx = Annotated[Context, Depends(context_of)]
