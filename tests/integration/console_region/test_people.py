"""Erasure reaches the very row that serving a person made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from data_plane.access.keys import ApiKey
from data_plane.access.people import Pseudonyms
from data_plane.access.store import KeyStore
from data_plane.keys.files import load_secret
from tests.fixtures.metering import admission_request, pot, put_pots, running_meter
from tests.integration.console_region.conftest import Console

pytestmark = pytest.mark.integration


async def _key(console: Console) -> ApiKey:
    made = (await console.admin.post("/keys", json={"tags": {"team": ["payments"]}})).json()
    async with console.context.pool.acquire() as connection:
        return await KeyStore(b"", {}).get(connection, made["id"])


@pytest.mark.parametrize("person", ["ada@example.org", "用户-7"])
async def test_a_persons_days_are_erased_and_nobody_elses(console: Console, person: str) -> None:
    key = await _key(console)
    people = Pseudonyms(load_secret(console.region.settings.keys_dir / "person.key"))
    await put_pots(console.region.database, [pot("region", None)])
    async with running_meter(console.region.database) as meter:
        for name in (person, "somebody else", None):  # as the gateway meters them
            await meter.admit(replace(admission_request(), subject=people.subject(name, key)))

    answer = await console.admin.post("/erasures", json={"subject": person})
    assert answer.json()["erased_days"] == 1
    assert await console.region.value("SELECT count(*) FROM person") == 2
    [entry] = await console.region.entries("erasure")
    assert entry.commits == 1


async def test_a_person_who_was_never_here_is_no_error_and_is_recorded(console: Console) -> None:
    assert (await console.admin.post("/erasures", json={"subject": "nobody"})).json()["erased_days"] == 0
    assert len(await console.region.entries("erasure")) == 1


async def test_an_empty_subject_is_refused_and_not_recorded(console: Console) -> None:
    assert await console.refused("POST", "/erasures", json={"subject": ""}) == (422, "invalid")
    assert await console.refused("POST", "/erasures", json={"subject": "a", "more": 1}) == (422, "invalid")
    assert await console.region.entries("erasure") == []
