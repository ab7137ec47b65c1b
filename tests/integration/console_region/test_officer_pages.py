"""The officer's pages: one link, one browser; all of it read only, none of it for anyone else."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from data_plane.evidence import tokens
from data_plane.releases.store_offers import OfferState
from tests.fixtures.agent import utc
from tests.fixtures.gateway import NO_LAB
from tests.integration.console_region.conftest import Console
from tests.integration.console_region.test_evidence import LEFT, REQUEST, asked, granted
from tests.integration.console_region.test_offers import runs, staged

pytestmark = pytest.mark.integration

PAGES = ("/officer", "/officer/releases", "/officer/outbox", "/officer/grants")


async def _link(console: Console) -> str:
    made = await console.admin.post("/officer/link")
    assert made.status_code == 201
    return str(urlsplit(made.json()["url"]).path)


async def _sign_in(console: Console) -> None:
    answer = await console.public.post(await _link(console))
    assert (answer.status_code, answer.headers["location"]) == (303, "/officer")


async def test_a_link_signs_in_once_and_looking_at_it_does_not_use_it_up(console: Console) -> None:
    path = await _link(console)
    for _ in range(2):
        assert (await console.public.get(path)).status_code == 200
    answer = await console.public.post(path)
    cookie = answer.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Path=/officer"))
    assert (await console.public.get("/officer")).status_code == 200
    console.public.cookies.clear()
    assert (await console.public.post(path)).status_code == 401
    assert (await console.public.get("/officer")).status_code == 401


async def test_nobody_else_sees_anything(console: Console) -> None:
    entries = await tokens.issue(console.context.pool, tokens.ENTRIES, utc().replace(year=2099))
    for cookie in ("", "x" * 4000, entries):
        for page in (*PAGES, "/officer/releases/3", "/officer/outbox/sha256:" + "0" * 64):
            answer = await console.public.get(page, headers={"cookie": f"bailiwick_officer={cookie}"})
            assert answer.status_code == 401
            assert "Ledger" not in answer.text
    link = await _link(console)
    answer = await console.public.get("/officer", headers={"cookie": f"bailiwick_officer={link.rpartition('/')[2]}"})
    assert answer.status_code == 401


async def test_signing_out_ends_the_session_in_the_region_too(console: Console) -> None:
    await _sign_in(console)
    cookie = console.public.cookies["bailiwick_officer"]
    await console.public.post("/officer/sign-out")
    answer = await console.public.get("/officer", headers={"cookie": f"bailiwick_officer={cookie}"})
    assert answer.status_code == 401


async def test_pages_are_strict_and_hold_nothing_inline(console: Console) -> None:
    await _sign_in(console)
    for page in PAGES:
        answer = await console.public.get(page)
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=", answer.text)
    assert (await console.public.get("/officer/officer.css")).headers["content-type"].startswith("text/css")


async def test_the_officer_sees_what_would_change_and_the_command_that_consents(console: Console) -> None:
    await runs(console, await staged(console, 3, state=OfferState.APPLIED))
    manifest = await staged(console, 4, NO_LAB, notes="<b>bold</b>")
    await _sign_in(console)
    assert manifest.digest in (await console.public.get("/officer/releases")).text
    page = (await console.public.get(f"/officer/releases/{manifest.digest}")).text
    assert f"bailiwick consent give --region eu-de {manifest.digest} --key officer.pem" in page
    assert "team=lab" in page
    assert "no-lab" in page
    assert "<b>" not in page


async def test_the_officer_sees_all_that_left_and_who_may_have_evidence(console: Console, identity) -> None:
    recipient = str(identity.to_public())
    await asked(console, recipient)
    await _sign_in(console)
    page = (await console.public.get("/officer/grants")).text
    assert f"bailiwick evidence grant --region eu-de {REQUEST}" in page
    made = (await granted(console, recipient)).json()
    page = (await console.public.get("/officer/grants")).text
    assert made["id"] in page
    assert made["token"] not in page
    outbox = (await console.public.get("/officer/outbox")).text
    assert f'<td class="n">{len(LEFT)}</td>' in outbox
