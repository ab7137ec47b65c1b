"""The one place where what went wrong becomes an HTTP answer, for pages."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from control_plane.console.web.ports import UnavailableError
from control_plane.console.web.site import Message, SaysNoError, SignInNeededError, Site
from control_plane.console.web.views.parts import Link

FAILED = "page_failed"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def page_route(site: Site) -> type[APIRoute]:
    """A route class that turns the console's own errors into pages; others pass on."""

    class PageRoute(APIRoute):
        """Answers with the site's sign-in and message pages."""

        def get_route_handler(self) -> Handler:
            """Wrap the handler once, when the route is made."""
            inner = super().get_route_handler()

            async def handle(request: Request) -> Response:
                try:
                    return await inner(request)
                except SignInNeededError:
                    return site.sign_in(request)
                except SaysNoError as error:
                    return await _say(site, request, error.status, error.message)
                except UnavailableError as error:
                    return await _say(site, request, 503, _unavailable(error))
                except (HTTPException, RequestValidationError):
                    raise
                except site.deps.unreachable:
                    gone = UnavailableError("This page", request.url.path)
                    return site.message(request, 503, _unavailable(gone))
                except Exception:  # noqa: BLE001 - the edge: what is unknown becomes a fixed text and a log line
                    return site.message(request, 500, _failed(request))

            return handle

    return PageRoute


async def _say(site: Site, request: Request, status: int, message: Message) -> Response:
    try:
        viewer = await site.viewer(request)
    except (SignInNeededError, UnavailableError):
        return site.message(request, status, message)
    return site.message(request, status, message, viewer.person, site.sessions.token(viewer.session))


def _unavailable(error: UnavailableError) -> Message:
    return Message(
        f"{error.what} cannot be read now",
        "The centre's own store or workflow engine does not answer. Regions go on serving; nothing is lost.",
        "Not available",
        "Try again in a minute. If it stays, look at the state of the centre's processes.",
        state="stale",
        cmd="bailiwick status",
        links=(Link("Try again", request_path(error)), Link("Go to World", "/")),
        problem="UNAVAILABLE",
    )


def _failed(request: Request) -> Message:
    trace = secrets.token_hex(4)
    structlog.get_logger().exception(FAILED, trace=trace, path=request.url.path)
    return Message(
        "This page failed",
        "Something in the console went wrong. Regions and rollouts do not depend on it.",
        "Failed",
        "Try again. If it stays, search the console's log for the id below.",
        cmd="bailiwick logs",
        links=(Link("Try again", request.url.path), Link("Go to World", "/")),
        problem=f"PAGE-FAILED, trace {trace}",
    )


def request_path(error: UnavailableError) -> str:
    """Where "Try again" leads."""
    return error.path or "/"
