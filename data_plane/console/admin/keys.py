"""API keys: made, listed, revoked, rotated. Each change is an entry in the ledger."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints

from bailiwick.contract.times import format_time
from data_plane.access.store import KeyRequest, KeyStore
from data_plane.console.context import Context, Ctx
from data_plane.keys.files import load_secret

if TYPE_CHECKING:
    from data_plane.access.keys import ApiKey

router = APIRouter(prefix="/keys")

# No @: a name is for people who run the region, and not a place for anyone's address.
Name = Annotated[str, StringConstraints(max_length=80, pattern=r"^[^@\x00-\x1f]*$")]
Value = Annotated[str, StringConstraints(max_length=64)]


class NewKey(BaseModel):
    """What a key is to permit."""

    model_config = ConfigDict(extra="forbid")

    name: Name = ""
    tags: dict[Value, list[Value]]
    service: bool = False
    premium: bool = False


@router.post("", status_code=HTTPStatus.CREATED)
async def create(asked: NewKey, context: Ctx) -> dict[str, Any]:
    """Make a key; the secret is in this answer and nowhere else."""
    request = KeyRequest(name=asked.name, tags=asked.tags, service=asked.service, premium=asked.premium)
    async with context.pool.acquire() as connection:
        key, new = await _store(context).create(connection, request, context.now())
    return {**_document(key), "key": new.token}


@router.get("")
async def listed(context: Ctx) -> dict[str, Any]:
    """All keys, without secrets."""
    async with context.pool.acquire() as connection:
        return {"keys": [_document(key) for key in await _store(context).listed(connection)]}


@router.post("/{key_id}/revoke")
async def revoke(key_id: str, context: Ctx) -> dict[str, Any]:
    """End a key."""
    async with context.pool.acquire() as connection:
        return _document(await _store(context).revoke(connection, key_id, context.now()))


@router.post("/{key_id}/rotate")
async def rotate(key_id: str, context: Ctx) -> dict[str, Any]:
    """Replace a key's secret."""
    async with context.pool.acquire() as connection:
        key, new = await _store(context).rotate(connection, key_id, context.now())
    return {**_document(key), "key": new.token}


def _store(context: Context) -> KeyStore:
    pepper = load_secret(context.settings.keys_dir / "apikey.key")
    return KeyStore(pepper, context.settings.vocabulary.model_dump())


def _document(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "tags": {tag: list(values) for tag, values in key.tags.items()},
        "service": key.service,
        "premium": key.premium,
        "created_at": format_time(key.created_at),
        "revoked_at": format_time(key.revoked_at) if key.revoked_at else None,
    }
