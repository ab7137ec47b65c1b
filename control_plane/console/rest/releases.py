"""`/releases` and `/checks`."""

from __future__ import annotations

import base64
import binascii

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from control_plane.console.rest import documents
from control_plane.console.rest.deps import Anyone, Operator, Rest
from control_plane.console.rest.documents import Document
from control_plane.console.rest.idempotency import IdempotentRoute
from control_plane.domain.errors import InvalidError
from control_plane.domain.words import region_id
from control_plane.services.comparison import compare
from control_plane.services.releases import ReleaseDraft


class DraftBody(BaseModel):
    """What a release is to hold. `fallback` is the digest of a published manifest."""

    model_config = ConfigDict(extra="forbid")
    regions: list[str] = Field(min_length=1, max_length=500)
    config: JsonValue
    policy: JsonValue
    version: int | None = Field(default=None, ge=1)
    fallback: str | None = None
    notes: str = Field(default="", max_length=2000)

    def draft(self) -> ReleaseDraft:
        """The draft for the use case."""
        regions = tuple(region_id(name) for name in self.regions)
        return ReleaseDraft(regions, self.config, self.policy, self.version, self.fallback, self.notes)


class SignatureBody(BaseModel):
    """A signature by an offline key; `sig` is base64."""

    model_config = ConfigDict(extra="forbid")
    keyid: str = Field(max_length=64)
    sig: str = Field(max_length=128)


def router() -> APIRouter:
    """The routes of these resources."""
    routes = APIRouter(tags=["releases"], route_class=IdempotentRoute)
    routes.add_api_route("/releases", listed, methods=["GET"])
    routes.add_api_route("/releases", built, methods=["POST"], status_code=201)
    routes.add_api_route("/checks", checked, methods=["POST"])
    routes.add_api_route("/releases/{version}", shown, methods=["GET"])
    routes.add_api_route("/releases/{version}/signing", to_sign, methods=["GET"])
    routes.add_api_route("/releases/{version}/signatures", signed, methods=["POST"])
    routes.add_api_route("/releases/{version}/publish", published, methods=["POST"])
    routes.add_api_route("/releases/{version}/withdraw", withdrawn, methods=["POST"])
    routes.add_api_route("/releases/{before}/diff/{after}", differed, methods=["GET"])
    return routes


async def listed(rest: Rest, _user: Anyone) -> Document:
    """All releases, newest first."""
    return {"releases": [documents.release(one) for one in await rest.releases.list()]}


async def shown(version: int, rest: Rest, _user: Anyone) -> Document:
    """One release with its config and policy."""
    found = documents.release(await rest.releases.show(version))
    _, config, policy = await rest.releases.content(version)
    return {
        **found,
        "content": {"config": documents.parsed(config.encode()), "policy": documents.parsed(policy.encode())},
    }


async def checked(body: DraftBody, rest: Rest, _user: Anyone) -> Document:
    """What speaks against a release, before anybody builds it."""
    findings = await rest.releases.check(body.draft())
    return {"ok": not findings, "findings": [{"part": one.part, "message": one.message} for one in findings]}


async def built(body: DraftBody, rest: Rest, user: Operator) -> Document:
    """Build a draft, ready to be signed."""
    found = await rest.releases.build(body.draft(), user.id)
    signing = await rest.releases.signing(found.version)
    return {**documents.release(found), "targets_to_sign": documents.signing(signing)}


async def to_sign(version: int, rest: Rest, _user: Operator) -> Document:
    """The exact bytes that offline keys sign."""
    return documents.signing(await rest.releases.signing(version))


async def signed(version: int, body: SignatureBody, rest: Rest, user: Operator) -> Document:
    """Hand in a signature."""
    try:
        raw = base64.b64decode(body.sig, validate=True)
    except binascii.Error as error:
        raise InvalidError("signature", "A signature is base64 of 64 bytes.") from error
    return documents.signing(await rest.releases.sign(version, body.keyid, raw, user.id))


async def published(version: int, rest: Rest, user: Operator) -> Document:
    """Put a signed release in force: it is offered to its regions."""
    return documents.release(await rest.releases.publish(version, user.id))


async def withdrawn(version: int, rest: Rest, user: Operator) -> Document:
    """Offer a release to nobody any more."""
    return documents.release(await rest.releases.withdraw(version, user.id))


async def differed(before: int, after: int, rest: Rest, _user: Anyone) -> Document:
    """What differs between two releases."""
    found = await compare(rest.releases, before, after)
    changes = [
        {"part": one.part, "path": one.path, "before": one.before, "after": one.after} for one in found.differences
    ]
    return {"before": before, "after": after, "changes": changes}
