"""The witness over real mTLS: no rewritten history gets a cosignature."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import grpc
import grpc.aio
import pytest

from bailiwick.contract.checkpoint import Checkpoint, sign_checkpoint
from bailiwick.contract.cosignature import attach, verify_cosignatures
from bailiwick.contract.note import SignerKey, VerifierKey
from bailiwick.witness.v1 import witness_pb2 as pb
from tests.fixtures.centre import RegionEnd, RunningCentre

pytestmark = pytest.mark.integration


async def add(end: RegionEnd, old: int, new: int, note: bytes | None = None) -> bytes:
    async with end.agents_port() as port:
        request = pb.AddCheckpointRequest(
            old_size=old, proof=end.consistency(old, new), checkpoint=note or end.checkpoint(new)
        )
        return (await port.witness.AddCheckpoint(request)).cosignature


async def code(attempt: Awaitable[object]) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await attempt
    return caught.value.code()


async def known(end: RegionEnd) -> int:
    async with end.agents_port() as port:
        return (await port.witness.State(pb.StateRequest())).size


async def test_consistent_checkpoints_are_cosigned_and_verify(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    witness = VerifierKey.parse(centre.services.anchors.witness)
    assert await known(end) == 0
    end.grow(256)
    line = await add(end, 0, 256)
    note = attach(end.checkpoint(256), line.decode())
    assert [name for name, _ in verify_cosignatures(note, [witness], 1)] == ["northbridge/witness"]
    end.grow(300)
    await add(end, 256, 556)
    await add(end, 556, 556)
    assert await known(end) == 556
    view = await centre.services.regions.show(end.region)
    assert view.checkpoint is not None
    assert view.checkpoint.size == 556


async def test_a_rewritten_history_is_refused(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    end.grow(256)
    await add(end, 0, 256)
    before = list(end.leaves)
    end.leaves = [bytes(32), *end.leaves[1:]]
    end.grow(256)
    assert await code(add(end, 256, 512)) is grpc.StatusCode.DATA_LOSS
    assert await code(add(end, 256, 256)) is grpc.StatusCode.DATA_LOSS
    end.leaves = before[:128]
    smaller = pb.AddCheckpointRequest(old_size=256, proof=[], checkpoint=end.checkpoint(128))
    async with end.agents_port() as port:
        assert await code(port.witness.AddCheckpoint(smaller)) is grpc.StatusCode.DATA_LOSS
    assert await known(end) == 256


async def test_another_old_size_is_a_failed_precondition(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    end.grow(512)
    await add(end, 0, 256)
    assert await code(add(end, 0, 512)) is grpc.StatusCode.FAILED_PRECONDITION
    await add(end, 256, 512)


async def test_two_futures_that_race_get_one_cosignature(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    end.grow(256)
    await add(end, 0, 256)
    fork = RegionEnd(centre.settings, "eu-de")
    fork.tls, fork.certificate, fork.ledger = end.tls, end.certificate, end.ledger
    fork.leaves = [*end.leaves, bytes(32)]
    end.grow(1)
    answers = await asyncio.gather(add(end, 256, 257), add(fork, 256, 257), return_exceptions=True)
    failed = [answer.code() for answer in answers if isinstance(answer, grpc.aio.AioRpcError)]
    assert failed in ([grpc.StatusCode.FAILED_PRECONDITION], [grpc.StatusCode.DATA_LOSS])


async def test_only_the_regions_own_log_is_witnessed(centre: RunningCentre) -> None:
    end, other = await centre.join("eu-de"), await centre.join("in-mh", "IN")
    end.grow(4)
    other.grow(4)
    assert await code(add(end, 0, 4, other.checkpoint(4))) is grpc.StatusCode.UNAUTHENTICATED
    root = Checkpoint.parse(end.checkpoint(4).decode().split("\n\n")[0] + "\n").root
    for origin in ("bailiwick/in-mh", "erika.mustermann@example.org"):
        note = sign_checkpoint(Checkpoint(origin, 4, root), SignerKey(origin, end.ledger))
        assert await code(add(end, 0, 4, note)) is grpc.StatusCode.INVALID_ARGUMENT
    assert await code(add(end, 0, 4, b"erika.mustermann@example.org")) is grpc.StatusCode.INVALID_ARGUMENT
