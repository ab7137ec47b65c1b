"""The one translation of errors into answers: RFC 9457 problem documents with a `fix`."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import asyncpg
import structlog
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from bailiwick.contract.errors import ContractError
from data_plane.access.errors import AccessError, KeyRevokedError, UnknownKeyError
from data_plane.evidence.errors import EvidenceError
from data_plane.releases.errors import StatementError

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

UNEXPECTED = "console_unexpected_error"
DATABASE_AWAY = "console_database_away"


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """A refusal that is shown as it stands; `detail` and `fix` hold no personal value."""

    def __init__(self, status: HTTPStatus, code: str, detail: str, fix: str = "") -> None:
        """`code` is stable, for scripts; `detail` says what was wrong, `fix` what to do."""
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.fix = fix


def not_found(what: str, fix: str = "") -> Problem:
    """The thing asked about does not exist."""
    return Problem(HTTPStatus.NOT_FOUND, "not-found", what, fix)


def document(problem: Problem) -> JSONResponse:
    """The problem as an answer."""
    body = {
        "type": f"urn:bailiwick:problem:{problem.code}",
        "title": problem.status.phrase,
        "status": int(problem.status),
        "code": problem.code,
        "detail": problem.detail,
        "fix": problem.fix,
    }
    return JSONResponse(body, status_code=problem.status, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Translate every error of `app`; what is not foreseen becomes a fixed text."""
    app.add_exception_handler(Problem, _problem)
    for refusal in (ContractError, AccessError, StatementError, EvidenceError):
        app.add_exception_handler(refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    for error in (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError):
        app.add_exception_handler(error, _away)
    app.add_exception_handler(Exception, _unexpected)


async def _problem(_: Request, error: Exception) -> JSONResponse:
    return document(error if isinstance(error, Problem) else _fixed())


async def _refusal(_: Request, error: Exception) -> JSONResponse:
    statuses: dict[type[Exception], HTTPStatus] = {
        UnknownKeyError: HTTPStatus.NOT_FOUND,
        KeyRevokedError: HTTPStatus.CONFLICT,
    }
    status = statuses.get(type(error), HTTPStatus.UNPROCESSABLE_ENTITY)
    return document(Problem(status, "refused", str(error)))


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    where = "; ".join(f"{'.'.join(str(part) for part in fault['loc'][1:])}: {fault['msg']}" for fault in faults)
    return document(Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", where or "the request is not valid"))


async def _http(_: Request, error: Exception) -> JSONResponse:
    status = HTTPStatus(error.status_code) if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    return document(Problem(status, status.phrase.lower().replace(" ", "-"), status.description or status.phrase))


async def _away(_: Request, error: Exception) -> JSONResponse:
    structlog.get_logger().warning(DATABASE_AWAY, error=type(error).__name__)
    fix = "see the log of the region's PostgreSQL, and try again"
    return document(
        Problem(HTTPStatus.SERVICE_UNAVAILABLE, "database-away", "the region's database does not answer", fix)
    )


async def _unexpected(_: Request, error: Exception) -> JSONResponse:
    structlog.get_logger().error(UNEXPECTED, error=type(error).__name__)
    return document(_fixed())


def _fixed() -> Problem:
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "something went wrong inside the region", "see the console's log"
    )
