"""How workflows call activities: patient retries, heartbeats, and refusals as codes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from control_plane.activities.messages import REFUSED

PATIENT = RetryPolicy(initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=10))
QUICK = timedelta(seconds=20)
HEARTBEAT = timedelta(seconds=15)
SLACK_SECONDS = 60


class TroubleError(Exception):
    """Something that a person must look at; `code` is what they read."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class StoppedError(Exception):
    """The lane was told to stop."""


async def call(name: str, argument: object, result_type: type[Any] | None = None) -> Any:  # noqa: ANN401 - by name
    """Run a short activity until it succeeds. Raises TroubleError when it refuses for good."""
    try:
        return await workflow.execute_activity(
            name, argument, result_type=result_type, start_to_close_timeout=QUICK, retry_policy=PATIENT
        )
    except ActivityError as error:
        raise TroubleError(_code(error)) from error


def watch(name: str, argument: object, seconds: float, result_type: type[Any]) -> workflow.ActivityHandle[Any]:
    """Start a heartbeating long poll that lasts up to `seconds`."""
    return workflow.start_activity(
        name,
        argument,
        result_type=result_type,
        start_to_close_timeout=timedelta(seconds=seconds + SLACK_SECONDS),
        heartbeat_timeout=HEARTBEAT,
        retry_policy=PATIENT,
    )


async def drop(*handles: workflow.ActivityHandle[Any]) -> None:
    """Stop watching."""
    for handle in handles:
        handle.cancel()
    await workflow.wait(handles)
    for handle in handles:
        if not handle.cancelled():
            handle.exception()


def refuse(reason: str, fix: str = "") -> NoReturn:
    """Refuse an update, with words for people."""
    raise ApplicationError(reason, fix, type=REFUSED, non_retryable=True)


def stamp() -> str:
    """The workflow's time as RFC 3339 text."""
    return text_of(workflow.now())


def text_of(moment: datetime) -> str:
    """A time as RFC 3339 text with microseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _code(error: ActivityError) -> str:
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type == REFUSED and cause.details:
        return str(cause.details[0])
    return "ACTIVITY-FAILED"
