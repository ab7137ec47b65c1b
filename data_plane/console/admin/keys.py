"""API keys: made, listed, revoked, rotated. Each change is an entry in the ledger."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints

from data_plane.access import keys as access
from data_plane.console.context import Ctx
from data_plane.console.problems import not_found

router = APIRouter(prefix="/keys")

Name = Annotated[str, StringConstraints(max_length=80, pattern=r"^[^@\x00-\x1f]*$")]
Value = Annotated[str, StringConstraints(max_length=64)]


class NewKey(BaseModel):
    """What a key is to permit."""

    model_config = ConfigDict(extra="forbid")

    name: Name = ""
    tags: dict[Value, list[Value]]
    service: bool = False
    premium: bool = False
