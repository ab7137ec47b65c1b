"""The outermost loops of the agent: one per concern, each surviving its own errors, none holding another up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from data_plane.agent.errors import AgentError, CentreAwayError
from data_plane.privacy.errors import PrivacyError
from data_plane.releases.errors import ReleasesError

FAILED = "agent_step_failed"
AWAY = "agent_step_waits_for_centre"


class Wake:
    """An alarm that shortens a wait; one setting wakes one round."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Ends the present or the next wait."""
        self._event.set()

    async def wait(self, seconds: float) -> None:
        """Waits for the alarm, at most `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return
        finally:
            self._event.clear()


async def forever(name: str, step: Callable[[], Awaitable[object]], wake: Wake, seconds: float) -> None:
    """Runs `step` again and again: at once when woken, else every `seconds`; until cancelled.

    An error of one round is logged by its kind only and tried again; while the centre is away that is no error.
    """
    log = structlog.get_logger().bind(step=name)
    while True:
        try:
            await step()
        except CentreAwayError as away:
            log.info(AWAY, code=away.code)
        except Exception as error:  # noqa: BLE001 -- the outermost loop of a concern
            log.error(  # noqa: TRY400 -- a traceback could carry values
                FAILED, error=type(error).__name__, where=_where(error), reason=_said(error)
            )
        await wake.wait(seconds)


def _said(error: Exception) -> str:
    """The text of our own errors, which hold no values; others may quote a row, so only their kind is told."""
    return str(error) if isinstance(error, AgentError | PrivacyError | ReleasesError) else ""


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"
