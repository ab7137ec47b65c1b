"""From an invitation to a session, and everything that must not lead there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509

from data_plane.agent.certificate import held
from tests.fakes.centre import FakeAuthority, FakeCentre, utc
from tests.fixtures.agent import AgentRegion, until

pytestmark = pytest.mark.integration


async def test_an_invitation_becomes_a_certificate_only_after_approval(centre: FakeCentre, region: AgentRegion) -> None:
    region.hand_over(centre.invite())
    async with region.running():
        await until(lambda: _enrolment(region, "awaiting-approval"))
        assert not (region.settings.keys_dir / "tls.crt").exists()
        centre.region().approved = True
        await until(lambda: _enrolment(region, "enrolled"))
        await until(lambda: centre.region().newest("heartbeat"))
        await until(lambda: _state(region, "connected"))
    assert not (region.settings.data_dir / "agent" / "invitation.json").exists()
    assert (region.settings.keys_dir / "tls.pem").stat().st_mode & 0o777 == 0o600


async def test_an_invitation_works_once(centre: FakeCentre, region: AgentRegion) -> None:
    token = centre.invite()
    for identifier, (invitation, _) in centre.invitations.items():
        centre.invitations[identifier] = (invitation, True)
    region.hand_over(token)
    async with region.running():
        await until(lambda: _enrolment(region, "refused"))
    assert (await region.link())["code"] == "invitation-refused"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"expires": utc() - timedelta(seconds=1)}, "invitation-expired"),
        ({"region": "in-mh"}, "other-region"),
        ({"jurisdiction": "IN"}, "other-jurisdiction"),
        ({"ca": "sha256:" + "0" * 64}, "untrusted-centre"),
        ({"tuf_root": "sha256:" + "0" * 64}, "untrusted-root"),
    ],
)
async def test_a_wrong_invitation_is_refused(centre: FakeCentre, region: AgentRegion, changes, code) -> None:
    region.hand_over(centre.invite(**changes))
    async with region.running():
        await until(lambda: _enrolment(region, "refused"))
    assert (await region.link())["code"] == code
    assert not (region.settings.keys_dir / "tuf-root.json").exists()


async def test_the_secret_is_not_said_to_another_centre(centre: FakeCentre, region: AgentRegion) -> None:
    token = centre.invite()
    await centre.stop()
    centre.authority = FakeAuthority()  # somebody else answers at the port
    await centre.start()
    region.hand_over(token)
    async with region.running():
        await until(lambda: _enrolment(region, "refused"))
    assert (await region.link())["code"] == "untrusted-centre"
    assert not any(used for _, used in centre.invitations.values())


async def test_an_expired_certificate_renews_with_the_enrolment_key(centre: FakeCentre, region: AgentRegion) -> None:
    centre.region().approved = True
    centre.backdate = timedelta(days=22)  # issued and expired three weeks ago: the centre was away since
    region.hand_over(centre.invite())
    async with region.running():
        await until((region.settings.keys_dir / "tls.crt").exists)
        old = held((region.settings.keys_dir / "tls.crt").read_bytes())
        assert old.expired(utc())
        await centre.stop()
        await until(lambda: _state(region, "expired"))
        centre.backdate = timedelta(minutes=1)
        await centre.start()
        await until(lambda: _state(region, "connected"))


async def test_a_revoked_region_gets_no_session(centre: FakeCentre, enrolled: AgentRegion) -> None:
    centre.region().revoked = True
    centre.region().said.clear()
    async with enrolled.running():
        await until(lambda: _state(enrolled, "disconnected"))
        assert centre.region().newest("heartbeat") is None
        await until(lambda: _enrolment(enrolled, "revoked"))


async def test_a_certificate_that_a_restored_centre_does_not_know_is_renewed_at_once(
    centre: FakeCentre, enrolled: AgentRegion
) -> None:
    certificate = enrolled.settings.keys_dir / "tls.crt"
    before = certificate.read_bytes()
    centre.region().said.clear()
    centre.region().forgotten.add(x509.load_pem_x509_certificate(before).serial_number)
    async with enrolled.running():
        await until(lambda: certificate.read_bytes() != before)
        await until(lambda: centre.region().newest("heartbeat"))


async def test_a_region_is_back_soon_after_the_centre_is(centre: FakeCentre, enrolled: AgentRegion) -> None:
    async with enrolled.running():
        await until(lambda: _state(enrolled, "connected"))
        await centre.stop()
        await until(lambda: _state(enrolled, "disconnected"))
        await centre.start()
        await until(lambda: _state(enrolled, "connected"), seconds=5.5)


async def _enrolment(region: AgentRegion, state: str):
    return (await region.link())["enrolment"] == state


async def _state(region: AgentRegion, state: str):
    return (await region.link())["state"] == state
