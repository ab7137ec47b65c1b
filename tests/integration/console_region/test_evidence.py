"""Evidence on a real database: granted once, sealed to one recipient, downloaded with its token, gone in time."""

from __future__ import annotations

import asyncio
import hashlib
import io
import tarfile
from datetime import timedelta

import pyrage
import pytest

from bailiwick.contract.ledger_entry import Egress
from data_plane.evidence import grants
from data_plane.ledger.append import append
from data_plane.releases import store_evidence
from data_plane.releases.store_evidence import EvidenceRequest, Phase
from tests.fixtures.agent import until, utc
from tests.fixtures.ledger import put
from tests.integration.console_region.conftest import Console

pytestmark = pytest.mark.integration

REQUEST = "ab" * 16
LEFT = b"a message that left"
REPORT = "bailiwick.metrics.v1.Report"


async def asked(console: Console, recipient: str = "", hours: int = 1) -> None:
    """A ledger of 30 entries, one of them about a message that left, all witnessed; and a request for them."""
    region = console.region
    connection = await region.connect()
    async with region.sealing():
        await put(region.database, 29)
        raw, at = hashlib.sha256(LEFT).digest(), utc()
        await connection.execute(
            "INSERT INTO egress_object VALUES ($1, 'bailiwick.metrics.v1.Report', $2, $3)", raw, LEFT, at
        )
        async with connection.transaction():
            entry = Egress(at, "content", REPORT, 1, len(LEFT), f"sha256:{raw.hex()}", at, at, 1)
            await append(connection, entry)
        await until(lambda: region.value("SELECT max(size) = 30 FROM checkpoint"))
    await connection.execute("UPDATE checkpoint SET cosigned = note")
    now = utc()
    values = (REQUEST, 0, 0, recipient, now + timedelta(hours=hours), Phase.RECEIVED, None, None, None, now, now)
    await store_evidence.receive(connection, EvidenceRequest(*values))
    await connection.close()


async def granted(console: Console, recipient: str):
    return await console.admin.post("/evidence/grants", json={"request": REQUEST, "recipient": recipient})


async def test_a_grant_is_built_sealed_recorded_and_downloaded(console: Console, identity) -> None:
    recipient = str(identity.to_public())
    await asked(console, recipient)
    answer = await granted(console, recipient)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["first"], made["next"]) == (0, 30)

    path = f"/bundles/{made['id']}"
    assert (await console.public.get(path)).status_code == 401
    sealed = await console.public.get(path, headers={"authorization": f"Bearer {made['token']}"})
    plain = pyrage.decrypt(sealed.content, [identity])
    assert f"sha256:{hashlib.sha256(plain).hexdigest()}" == made["bundle"]
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        entries = _member(tar, "entries.jsonl")
        left = _member(tar, f"egress/{hashlib.sha256(LEFT).hexdigest()}")
    assert (entries.count(b"\n"), left) == (30, LEFT)

    [entry] = await console.region.entries("grant")
    assert entry.recipient == f"sha256:{hashlib.sha256(recipient.encode()).hexdigest()}"
    assert await console.region.value("SELECT phase FROM evidence_request") == "downloaded"
    assert list((console.region.settings.data_dir / "bundles").glob("build-*")) == []


async def test_a_request_is_granted_once_however_many_grant_it(console: Console, identity) -> None:
    await asked(console)
    answers = await asyncio.gather(*(granted(console, str(identity.to_public())) for _ in range(3)))
    assert min(answer.status_code for answer in answers) == 201
    assert all(answer.status_code in {409, 422} for answer in answers if answer.status_code != 201)
    assert len(await console.region.entries("grant")) == 1
    assert len(list((console.region.settings.data_dir / "bundles").iterdir())) == 1


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"request": "cd" * 16}, (404, "not-found")),
        ({"recipient": "age1nobody"}, (422, "invalid")),
        ({"recipient": str(pyrage.x25519.Identity.generate().to_public())}, (409, "other-recipient")),
        ({"hours": 0}, (422, "invalid")),
        ({"hours": 10_000}, (422, "invalid")),
    ],
)
async def test_a_grant_that_must_not_be(console: Console, identity, changes, answer) -> None:
    recipient = str(identity.to_public())
    await asked(console, recipient)
    sent = {"request": REQUEST, "recipient": recipient, **changes}
    assert await console.refused("POST", "/evidence/grants", json=sent) == answer
    assert await console.region.entries("grant") == []


async def test_an_expired_request_is_not_granted(console: Console, identity) -> None:
    await asked(console, hours=-1)
    sent = {"request": REQUEST, "recipient": str(identity.to_public())}
    assert await console.refused("POST", "/evidence/grants", json=sent) == (409, "not-open")


async def test_an_unwitnessed_ledger_gives_no_evidence(console: Console, identity) -> None:
    await asked(console)
    await console.region.fetch("UPDATE checkpoint SET cosigned = NULL")
    sent = {"request": REQUEST, "recipient": str(identity.to_public())}
    assert await console.refused("POST", "/evidence/grants", json=sent) == (422, "refused")


async def test_a_grant_ends_with_its_time_and_leaves_no_file(console: Console, identity) -> None:
    await asked(console)
    made = (await granted(console, str(identity.to_public()))).json()
    settings, pool = console.region.settings, console.context.pool
    assert await grants.expire(settings, pool, utc()) == 0
    assert await grants.expire(settings, pool, utc() + timedelta(hours=25)) == 1
    assert list((settings.data_dir / "bundles").iterdir()) == []
    assert await console.region.value("SELECT count(*) FROM read_token") == 0
    assert await console.region.value("SELECT phase FROM evidence_request") == "expired"
    answer = await console.public.get(f"/bundles/{made['id']}", headers={"authorization": f"Bearer {made['token']}"})
    assert answer.status_code == 401


async def test_what_a_killed_build_left_is_removed_at_start_and_nothing_else(console: Console, identity) -> None:
    await asked(console)
    made = (await granted(console, str(identity.to_public()))).json()
    folder = console.region.settings.data_dir / "bundles"
    (folder / "build-x").mkdir()
    (folder / "build-x" / "bundle.tar").write_bytes(b"plain")
    (folder / "orphan.tar.age").write_bytes(b"sealed")
    await grants.clear(console.region.settings, console.context.pool)
    assert [path.name for path in folder.iterdir()] == [f"{made['id']}.tar.age"]


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    body = tar.extractfile(name)
    assert body is not None
    return body.read()
