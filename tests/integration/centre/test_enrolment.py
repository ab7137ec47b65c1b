"""Enrolment and renewal over real TLS."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import grpc
import grpc.aio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import text

from bailiwick.agent.v1 import enrolment_pb2
from bailiwick.contract.enrolment import Invitation
from bailiwick.rpc import connect, credentials
from control_plane.authority import keyfiles
from control_plane.authority.certificates import CertificateAuthority, make_ca
from control_plane.domain.words import region_id
from tests.fixtures.centre import OPERATOR, AgentsPort, Conversation, RegionEnd, RunningCentre

pytestmark = pytest.mark.integration


async def refused(attempt: Awaitable[object]) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await attempt
    return caught.value.code()


async def test_a_region_gets_its_certificate_only_after_approval(centre: RunningCentre) -> None:
    end = RegionEnd(centre.settings, "eu-de")
    answer = await end.enrol(await centre.invite("eu-de"))
    assert x509.load_der_x509_certificate(answer.ca).subject
    assert (await end.renew()).state == enrolment_pb2.ENROLMENT_STATE_AWAITING_APPROVAL
    await centre.services.regions.approve(region_id("eu-de"), OPERATOR)
    issued = await end.renew()
    assert issued.state == enrolment_pb2.ENROLMENT_STATE_ISSUED
    certificate = x509.load_der_x509_certificate(issued.certificate)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [x509.UniformResourceIdentifier("bailiwick://region/eu-de")]
    assert certificate.not_valid_after_utc - datetime.now(UTC) < timedelta(hours=24, minutes=1)


async def test_an_invitation_is_good_once(centre: RunningCentre) -> None:
    invitation = await centre.invite("eu-de")
    await RegionEnd(centre.settings, "eu-de").enrol(invitation)
    assert await refused(RegionEnd(centre.settings, "eu-de").enrol(invitation)) is grpc.StatusCode.UNAUTHENTICATED


async def test_two_clients_race_for_one_invitation_and_one_wins(centre: RunningCentre) -> None:
    invitation = await centre.invite("eu-de")
    ends = [RegionEnd(centre.settings, "eu-de") for _ in range(4)]
    answers = await asyncio.gather(*(end.enrol(invitation) for end in ends), return_exceptions=True)
    won = [index for index, answer in enumerate(answers) if isinstance(answer, enrolment_pb2.EnrolResponse)]
    lost = [answer.code() for answer in answers if isinstance(answer, grpc.aio.AioRpcError)]
    assert len(won) == 1
    assert lost == [grpc.StatusCode.UNAUTHENTICATED] * 3


async def test_an_expired_invitation_is_refused(centre: RunningCentre) -> None:
    invitation = await centre.invite("eu-de")
    async with centre.engine.begin() as connection:
        await connection.execute(text("UPDATE invitation SET expires_at = now() - interval '1 second'"))
    assert await refused(RegionEnd(centre.settings, "eu-de").enrol(invitation)) is grpc.StatusCode.UNAUTHENTICATED


async def test_a_wrong_secret_is_refused_and_spends_nothing(centre: RunningCentre) -> None:
    invitation = await centre.invite("eu-de")
    wrong = Invitation.decode(invitation.encode())
    object.__setattr__(wrong, "secret", "00" * 32)
    assert await refused(RegionEnd(centre.settings, "eu-de").enrol(wrong)) is grpc.StatusCode.UNAUTHENTICATED
    await RegionEnd(centre.settings, "eu-de").enrol(invitation)


async def test_an_invitation_for_another_region_is_refused(centre: RunningCentre) -> None:
    invitation = await centre.invite("eu-de")
    other = RegionEnd(centre.settings, "in-mh")
    assert await refused(other.enrol(invitation)) is grpc.StatusCode.FAILED_PRECONDITION
    await RegionEnd(centre.settings, "eu-de").enrol(invitation)


@pytest.mark.parametrize(
    ("csr", "code"),
    [
        (lambda end: end.csr(uri="bailiwick://region/in-mh"), grpc.StatusCode.FAILED_PRECONDITION),
        (lambda end: end.csr(subject="in-mh"), grpc.StatusCode.INVALID_ARGUMENT),
        (lambda end: end.csr(subject="erika.mustermann@example.org"), grpc.StatusCode.INVALID_ARGUMENT),
        (
            lambda end: end.csr(names=[x509.RFC822Name("erika.mustermann@example.org")]),
            grpc.StatusCode.INVALID_ARGUMENT,
        ),
        (lambda end: end.csr(names=[x509.DNSName("eu-de.example.org")]), grpc.StatusCode.INVALID_ARGUMENT),
        (lambda end: end.csr() + b"\0", grpc.StatusCode.INVALID_ARGUMENT),
        (lambda _: b"erika.mustermann@example.org", grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
async def test_a_certificate_request_may_hold_the_region_and_nothing_else(
    centre: RunningCentre, csr: Callable[[RegionEnd], bytes], code: grpc.StatusCode
) -> None:
    end = RegionEnd(centre.settings, "eu-de")
    invitation = await centre.invite("eu-de")
    assert await refused(end.enrol(invitation, csr(end))) is code
    await end.enrol(invitation)


async def test_an_expired_certificate_renews_by_the_enrolment_key_for_90_days(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    async with centre.engine.begin() as connection:
        await connection.execute(text("UPDATE certificate SET not_after = now() - interval '21 days'"))
    assert (await end.renew()).state == enrolment_pb2.ENROLMENT_STATE_ISSUED
    async with centre.engine.begin() as connection:
        await connection.execute(text("UPDATE certificate SET not_after = now() - interval '91 days'"))
    assert await refused(end.renew()) is grpc.StatusCode.UNAUTHENTICATED


async def test_renewal_needs_a_fresh_proof_by_the_right_key(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    assert await refused(end.renew(at=datetime.now(UTC) - timedelta(minutes=11))) is grpc.StatusCode.UNAUTHENTICATED
    stranger = RegionEnd(centre.settings, "eu-de")
    assert await refused(stranger.renew()) is grpc.StatusCode.UNAUTHENTICATED
    assert await refused(end.renew(csr=end.csr(uri="bailiwick://region/in-mh"))) is grpc.StatusCode.FAILED_PRECONDITION


async def test_a_revoked_region_is_cut_off_and_gets_no_certificate(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    async with end.agents_port() as port:
        talk = Conversation(port)
        await talk.hear("offers")
        await centre.services.regions.revoke(end.region, OPERATOR)
        assert await talk.end() is grpc.StatusCode.UNAUTHENTICATED
        again = Conversation(port)
        assert await again.end() is grpc.StatusCode.UNAUTHENTICATED
    assert (await end.renew()).state == enrolment_pb2.ENROLMENT_STATE_REVOKED
    view = await centre.services.regions.show(end.region)
    assert view.state == "revoked"
    kinds = [event.kind for event in await centre.services.regions.events(end.region)]
    assert kinds[:2] == ["revoked", "connected"]


async def test_nobody_gets_in_without_a_certificate_of_this_ca(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    bare = credentials.enrolment_channel(end.ca)
    async with connect.channel(centre.settings.agents.address, bare) as channel:
        assert await Conversation(AgentsPort(channel)).end() is grpc.StatusCode.UNAVAILABLE
    key, other = make_ca("elsewhere", datetime.now(UTC))
    authority = CertificateAuthority(key, other, timedelta(days=1))
    stranger, _ = authority.issue(end.csr(), end.region, datetime.now(UTC))
    end.certificate = x509.load_der_x509_certificate(stranger).public_bytes(Encoding.PEM)
    async with end.agents_port() as port:
        assert await Conversation(port).end() is grpc.StatusCode.UNAVAILABLE


async def test_the_servers_own_certificate_opens_no_session(centre: RunningCentre) -> None:
    end = await centre.join("eu-de")
    end.tls = keyfiles.p256(centre.settings.keys / "server.pem")
    end.certificate = keyfiles.read(centre.settings.keys / "server.crt")
    async with end.agents_port() as port:
        assert await Conversation(port).end() in {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNAVAILABLE}


async def test_every_step_is_in_the_centres_own_log(centre: RunningCentre) -> None:
    await centre.join("eu-de")
    entries = await centre.services.journal.entries(0, 100)
    names = [entry.body.split(b'"kind":"')[1].split(b'"')[0].decode() for entry in entries]
    assert names == ["tuf.seed", "region.invite", "region.enrol", "region.approve", "certificate.issue"]
    assert await centre.services.journal.check() == len(entries)
