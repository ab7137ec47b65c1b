"""Real mTLS gRPC on loopback: who may call, who the caller is, and what a failure tells."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import grpc
import grpc.aio
import pytest
from cryptography import x509

from bailiwick.contract.errors import MalformedError
from bailiwick.rpc import connect, credentials
from bailiwick.rpc.peer import Peer, peer_of
from bailiwick.rpc.translation import ErrorTranslation, Status, StatusError
from bailiwick.witness.v1 import witness_pb2, witness_pb2_grpc
from tests.fixtures.certificates import Identity, TestAuthority

pytestmark = pytest.mark.integration


@dataclass
class Witness(witness_pb2_grpc.WitnessServiceServicer):
    """Answers, or raises what the test put in."""

    raises: Exception | None = None
    callers: list[Peer] = field(default_factory=list)

    async def State(self, request, context):  # noqa: N802 # gRPC's name
        self.callers.append(peer_of(context))
        if self.raises is not None:
            raise self.raises
        return witness_pb2.StateResponse(size=7)

    async def AddCheckpoint(self, request, context):  # noqa: N802 # gRPC's name
        raise NotImplementedError


@dataclass
class Link:
    authority: TestAuthority
    witness: Witness
    port: int
    unexpected: list[tuple[str, Exception]]

    def channel(self, identity: Identity | None, authority: TestAuthority | None = None) -> grpc.aio.Channel:
        ca = (authority or self.authority).pem
        chosen = (
            credentials.enrolment_channel(ca)
            if identity is None
            else credentials.agents_channel(ca, identity.key, identity.certificate)
        )
        return connect.channel(f"localhost:{self.port}", chosen, deadline_seconds=3)


@pytest.fixture
async def link() -> AsyncIterator[Link]:
    authority = TestAuthority()
    unexpected: list[tuple[str, Exception]] = []
    table = ((KeyError, Status(grpc.StatusCode.NOT_FOUND, "no such thing")),)
    server = connect.server([ErrorTranslation(table, lambda method, error: unexpected.append((method, error)))])
    witness = Witness()
    witness_pb2_grpc.add_WitnessServiceServicer_to_server(witness, server)
    own = authority.server()
    port = server.add_secure_port("127.0.0.1:0", credentials.agents_server(authority.pem, own.key, own.certificate))
    await server.start()
    yield Link(authority, witness, port, unexpected)
    await server.stop(0)


async def state(link: Link, identity: Identity | None, authority: TestAuthority | None = None) -> int:
    async with link.channel(identity, authority) as channel:
        stub = witness_pb2_grpc.WitnessServiceStub(channel)
        return (await stub.State(witness_pb2.StateRequest())).size


async def test_the_caller_is_the_region_of_its_certificate(link):
    assert await state(link, link.authority.region("eu-de")) == 7
    assert [peer.region for peer in link.witness.callers] == ["eu-de"]


async def test_no_certificate_is_no_connection(link):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await state(link, None)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_certificate_of_another_authority_is_no_connection(link):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await state(link, TestAuthority().region("eu-de"))
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_server_of_another_authority_is_not_trusted(link):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await state(link, link.authority.region("eu-de"), TestAuthority())
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    "name",
    [
        x509.DNSName("eu-de"),
        x509.UniformResourceIdentifier("https://eu-de"),
        x509.UniformResourceIdentifier("bailiwick://region/EU DE"),
    ],
)
async def test_a_certificate_that_names_no_region_is_unauthenticated(link, name):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await state(link, link.authority.issue(name))
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("raised", "code", "text"),
    [
        (KeyError("secret"), grpc.StatusCode.NOT_FOUND, "no such thing"),
        (MalformedError("secret"), grpc.StatusCode.INVALID_ARGUMENT, "malformed or unverifiable input"),
        (StatusError(Status(grpc.StatusCode.DATA_LOSS, "rewritten")), grpc.StatusCode.DATA_LOSS, "rewritten"),
        (RuntimeError("secret"), grpc.StatusCode.INTERNAL, "internal error"),
    ],
)
async def test_errors_become_fixed_texts(link, raised, code, text):
    link.witness.raises = raised
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await state(link, link.authority.region("eu-de"))
    assert (failed.value.code(), failed.value.details()) == (code, text)
    assert [error for _, error in link.unexpected] == ([raised] if code is grpc.StatusCode.INTERNAL else [])


async def test_two_federations_cannot_share_a_port(link):
    server = connect.server([])
    own = link.authority.server()
    chosen = credentials.agents_server(link.authority.pem, own.key, own.certificate)
    with pytest.raises(RuntimeError):
        server.add_secure_port(f"127.0.0.1:{link.port}", chosen)
    await server.stop(0)
