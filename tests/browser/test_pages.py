"""Each page in each dress: it renders, complains of nothing, does not scroll sideways, and can be read."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import Served
from tests.fixtures.browser import Watched, open_page

pytestmark = pytest.mark.browser

PAGES = {
    "/": "World",
    "/regions/eu-de": "eu-de",
    "/rollouts": "Rollouts",
    "/rollouts/ro-42": "Rollout 42",
    "/rollouts/ro-42/rollback": "Roll back 2 regions to release 41?",
    "/releases": "Releases",
    "/releases/42": "Release 42",
    "/spend": "Spend",
    "/spend?period=week&by=region": "Spend",
    "/evidence": "Evidence",
    "/evidence/ask": "Ask a region for evidence",
    "/left/eu-de": "What left",
    "/left/sa-ry": "What left",
}
CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("dress", ["light", "dark", "phone"])
def test_every_page_is_whole(at: Callable[..., Watched], served: Served, dress: str) -> None:
    watched = at("jonas", phone=dress == "phone", dark=dress == "dark")
    page = watched.page
    for path, heading in PAGES.items():
        page.goto(served.base + path)
        page.wait_for_selector("#live[data-s=connected]")
        assert heading in page.locator("main h1, main h2").first.inner_text(), path
        assert watched.sideways() <= 0, f"{path} scrolls sideways by {watched.sideways()} px"
        assert page.evaluate(CONTRAST) == [], path
        assert page.locator("h1").count() <= 1
        assert page.locator("[style]:not(svg *):not(canvas):not([data-chart] *):not([data-chart])").count() == 0, path
    assert watched.complaints == []


def test_pages_without_any_data_help(served_empty: Served, browser) -> None:
    watched = open_page(browser, served_empty.link("jonas"), phone=True)
    page = watched.page
    for path, words in {
        "/": "No region has joined yet.",
        "/rollouts": "No rollout yet.",
        "/releases": "No release yet.",
        "/spend": "Nothing to add up yet.",
        "/evidence": "Nobody has asked for evidence yet.",
        "/left": "No region has joined yet.",
    }.items():
        page.goto(served_empty.base + path)
        page.wait_for_selector(f"text={words}")
        assert watched.sideways() <= 0, path
        assert page.evaluate(CONTRAST) == [], path
    assert watched.complaints == []
    page.context.close()


def test_the_policy_forbids_everything_foreign(at: Callable[..., Watched], served: Served) -> None:
    page = at("vera").page
    answer = page.goto(served.base + "/spend")
    assert answer is not None
    policy = answer.header_value("content-security-policy") or ""
    assert policy.startswith("default-src 'self'")
    assert "unsafe" not in policy
    assert not re.search(r"\son[a-z]+=|\sstyle=|<style", answer.text())


def test_withheld_is_shown_as_withheld(at: Callable[..., Watched]) -> None:
    page = at("vera", "/spend?by=region").page
    row = page.locator("#break tr.rolled", has_text="sa-ry")
    assert "digest-only" in row.inner_text()
    page.goto(page.url.replace("by=region", "by=team"))
    assert "late, not lost" in page.locator("#break tr.rolled").inner_text()


def test_an_unknown_page_says_so(at: Callable[..., Watched], served: Served) -> None:
    page = at("vera").page
    answer = page.goto(served.base + "/regions/atlantis")
    assert answer is not None
    assert answer.status == 404
    assert "Region atlantis is not known here" in page.locator("h1").inner_text()
