"""The one place where what went wrong becomes an HTTP answer for scripts: RFC 9457 problem documents."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from control_plane.domain.errors import (
    CentreError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    StateError,
    UnauthenticatedError,
)
from control_plane.services.rollout_ports import EngineUnreachableError

MEDIA_TYPE = "application/problem+json"
FAILED = "request_failed"
STATUS: Mapping[type[CentreError], int] = MappingProxyType(
    {InvalidError: 422, NotFoundError: 404, StateError: 409, UnauthenticatedError: 401, ForbiddenError: 403}
)
TITLES: Mapping[int, str] = MappingProxyType(
    {
        400: "Bad request",
        401: "Not signed in",
        403: "Not permitted",
        404: "Not found",
        405: "Method not allowed",
        409: "Not now",
        413: "Too large",
        415: "Unsupported media type",
        422: "Not valid",
        500: "Failed",
        503: "Not available",
    }
)


def problem(status: int, code: str, detail: str, fix: str = "") -> JSONResponse:
    """One problem document. `code` is stable; `fix` says what to do."""
    body = {
        "type": f"urn:bailiwick:problem:{code}",
        "title": TITLES.get(status, "Failed"),
        "status": status,
        "detail": detail,
        "code": code,
        "fix": fix,
    }
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def status_of(error: CentreError) -> int:
    """The HTTP status of a domain error."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def install(app: FastAPI) -> None:
    """Translate every error of the application."""
    app.add_exception_handler(CentreError, _domain)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(EngineUnreachableError, _engine)
    app.add_exception_handler(Exception, _unknown)


async def _domain(_request: Request, error: Exception) -> Response:
    assert isinstance(error, CentreError)  # noqa: S101 - registered for this type
    return problem(status_of(error), error.code, error.message, error.fix)


async def _validation(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return problem(422, "request-invalid", f"{place}: {first['msg']}", "See /api/v1/openapi.json.")


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type
    title = TITLES.get(error.status_code, "Failed")
    return problem(error.status_code, title.lower().replace(" ", "-"), title + ".")


async def _engine(_request: Request, _error: Exception) -> Response:
    detail = "The workflow engine does not answer, so nothing was changed by this request."
    return problem(503, "engine", detail, "Try again; see `bailiwick status`.")


async def _unknown(request: Request, _error: Exception) -> Response:
    structlog.get_logger().exception(FAILED, path=request.url.path, method=request.method)
    return problem(500, "unknown", "The request failed for a reason that was written to the log.", "Try again later.")
