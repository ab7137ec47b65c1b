"""Erasure of a person: the link between them and their tags goes, quantities and proofs stay (GDPR Art. 17)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from bailiwick.contract.ledger_entry import Erasure
from data_plane.access.people import Pseudonyms
from data_plane.console.context import Ctx
from data_plane.keys.files import load_secret
from data_plane.ledger.append import append

router = APIRouter(prefix="/erasures")


class Subject(BaseModel):
    """The identifier that applications sent as `safety_identifier` or `user`."""

    model_config = ConfigDict(extra="forbid")

    subject: Annotated[str, Field(min_length=1, max_length=512)]


@router.post("")
async def erase(asked: Subject, context: Ctx) -> dict[str, Any]:
    """Delete the mapping from this person to the tags of their days."""
    people = Pseudonyms(load_secret(context.settings.keys_dir / "person.key"))
    async with context.pool.acquire() as connection, connection.transaction():
        done = await connection.execute("DELETE FROM person WHERE subject = $1", people.person(asked.subject))
        days = int(str(done).removeprefix("DELETE "))
        await append(connection, Erasure(at=context.now(), commits=days))
    return {"erased_days": days, "kept": "quantities and costs, under tags that no longer lead to anyone"}
