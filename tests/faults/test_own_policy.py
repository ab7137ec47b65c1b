"""A `permit` among a region's own policies would loosen what officers consented to: nothing starts with one."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.fixtures.gateway import NO_LAB
from tests.fixtures.whole_region import WholeRegion

pytestmark = [pytest.mark.integration, pytest.mark.faults]
WIDE = '@id("wide") @owner("somebody") @basis("none")\npermit(principal, action, resource);\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (WIDE.encode(), "a region's own set holds no permit"),
        ((NO_LAB + WIDE).encode(), "a region's own set holds no permit"),
        (b"forbid(principal, action", "wide.cedar"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
@pytest.mark.parametrize(("process", "workers"), [("gateway", 1), ("gateway", 2), ("agent", 1)])
async def test_no_process_starts_with_a_policy_that_is_none_or_permits(
    region: WholeRegion, process: str, workers: int, text: bytes, said: str
) -> None:
    region.gateway.gateway = {"workers": workers}
    (region.home / "policy").mkdir()
    (region.home / "policy/wide.cedar").write_bytes(text)
    child = region.spawn(process)
    assert await asyncio.to_thread(child.wait, 60) == 1
    lines = [json.loads(line) for line in (region.home / f"logs/{process}.log").read_text().splitlines()]
    refused = [line["reason"] for line in lines if line["event"] == "process_refused"]
    assert refused, lines
    assert all(said in reason and "wide.cedar" in reason for reason in refused)
    assert not [line for line in lines if line["event"] in {"process_failed", "gateway_listening"}]
