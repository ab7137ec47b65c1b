"""Signals between workflows whose receiver may be gone."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import FailureError


async def tell(workflow_id: str, signal: str, argument: object) -> bool:
    """Signal a workflow by id; false when it has ended."""
    try:
        await workflow.get_external_workflow_handle(workflow_id).signal(signal, argument)
    except FailureError:
        return False
    return True
