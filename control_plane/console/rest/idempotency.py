"""`Idempotency-Key`: a write that is sent again gets the first answer again, and nothing is done twice.

The key belongs to the user; the same key with another request is refused. Answers are kept for a day; failures of the
centre itself (5xx) are not kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from control_plane.console.rest.deps import SAFE, authenticate, deps
from control_plane.console.rest.problems import problem, status_of
from control_plane.domain.errors import CentreError, InvalidError, StateError
from control_plane.services.rollout_ports import KeptAnswer

HEADER = "Idempotency-Key"
MAX_KEY = 128
REPLAYED = "Idempotency-Replayed"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class IdempotentRoute(APIRoute):
    """A route whose writes may carry a key."""

    def get_route_handler(self) -> Handler:
        """Wrap the handler once, when the route is made."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if key is None or request.method in SAFE:
                return await inner(request)
            if not key.isascii() or not key.isprintable() or not 1 <= len(key) <= MAX_KEY:
                raise InvalidError("idempotency-key", f"{HEADER} is 1 to {MAX_KEY} printable characters.")
            return await _once(request, key, inner)

        return handle


async def _once(request: Request, key: str, inner: Handler) -> Response:
    parts, user = deps(request), await authenticate(request)
    asked = hashlib.sha256()
    for part in (request.method.encode(), str(request.url.path).encode(), await request.body()):
        asked.update(len(part).to_bytes(8) + part)
    async with parts.answers.begin() as tx:
        before = await tx.answers.answered(user.id, key)
        if before is not None:
            if before.request != asked.digest():
                raise StateError("idempotency-key", f"This {HEADER} was used for another request.", "Use a fresh key.")
            return _again(before)
        response = await _answer(request, inner)
        if response.status_code < 500:
            body = bytes(response.body).decode()
            kept = KeptAnswer(asked.digest(), response.status_code, body)
            await tx.answers.keep(user.id, key, kept, parts.clock())
        return response


async def _answer(request: Request, inner: Handler) -> Response:
    try:
        return await inner(request)
    except CentreError as error:
        return problem(status_of(error), error.code, error.message, error.fix)


def _again(before: KeptAnswer) -> Response:
    media = "application/json" if before.status < 400 else "application/problem+json"
    return Response(before.answer, before.status, headers={REPLAYED: "true"}, media_type=media)
