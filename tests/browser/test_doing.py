"""What a person does: sign in, move by keyboard, act, be refused, and watch a number change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
from playwright.sync_api import Browser, expect

from control_plane.console.web.facts.rollout import RolloutFact
from tests.browser.conftest import Served
from tests.fixtures.browser import Watched

pytestmark = pytest.mark.browser


def test_a_link_signs_in_once(served: Served, browser: Browser) -> None:
    link = served.link("jonas")
    first = browser.new_page()
    first.goto(link)
    expect(first.locator("h1")).to_have_text("World")
    cookie = first.context.cookies()[0]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    second = browser.new_page()
    answer = second.goto(link)
    assert answer is not None
    assert answer.status == 403
    expect(second.locator("h1")).to_have_text("This link does not work any more")
    second.goto(served.base + "/spend")
    expect(second.locator("h1")).to_have_text("Sign in")
    first.get_by_role("button", name="Sign out").click()
    expect(first.locator("h1")).to_have_text("Sign in")
    first.close()
    second.close()


def test_a_number_changes_in_place(at: Callable[..., Watched], served: Served) -> None:
    watched = at("vera")
    page = watched.page
    cell = page.locator("#r-eu-de [data-value=ledger]")
    expect(cell).to_have_text("13,412,352")
    page.locator("#states summary").click()
    page.locator("#f").fill("eu-de")
    page.evaluate("document.querySelector('#r-eu-de').mark = 'same row'")
    served.call(lambda: served.fake.grow("eu-de", 256))
    expect(cell).to_have_text("13,412,608")
    assert page.evaluate("document.querySelector('#r-eu-de').mark") == "same row"
    assert page.locator("#states").get_attribute("open") is not None
    assert page.locator("#f").input_value() == "eu-de"
    expect(page.locator("#r-in-mh")).to_be_hidden()
    expect(page.locator("#feed li").first).to_contain_text("Checkpoint grew by 256 entries")
    assert watched.complaints == []


def test_a_paused_feed_waits_and_counts(at: Callable[..., Watched], served: Served) -> None:
    page = at("vera").page
    page.locator("#hold").click()
    before = page.locator("#feed li").first.inner_text()
    served.call(lambda: served.fake.grow("in-mh", 256))
    expect(page.locator("#hold")).to_have_text("Resume, 1 new")
    assert page.locator("#feed li").first.inner_text().split("\n")[1:] == before.split("\n")[1:]
    page.locator("#hold").click()
    page.mouse.move(0, 0)
    page.locator("main").focus()
    expect(page.locator("#feed li").first).to_contain_text("in-mh")


def test_pausing_asks_first_and_is_told(at: Callable[..., Watched], served: Served) -> None:
    watched = at("jonas", "/rollouts/ro-42")
    page = watched.page
    page.get_by_role("button", name="Pause…").click()
    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text("Will happen")
    expect(dialog.locator("[data-oob]")).to_have_count(0)
    expect(dialog).to_contain_text("Nothing is rolled back.")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert served.fake.done == []
    page.get_by_role("button", name="Pause…").click()
    dialog.locator("textarea").fill("quiet hour")
    dialog.get_by_role("button", name="Pause rollout 42").click()
    expect(page.locator("#toast")).to_contain_text("Pause asked for")
    expect(page.locator("#rstate")).to_have_text("paused")
    assert served.fake.done == [("jonas", "ro-42", "pause", "quiet hour")]
    expect(page.get_by_role("button", name="Resume…")).to_be_visible()
    assert watched.complaints == []


def test_rolling_back_wants_a_reason(at: Callable[..., Watched], served: Served) -> None:
    page = at("jonas", "/rollouts/ro-42").page
    page.get_by_role("button", name="Roll back…").click()
    page.locator("#dialog").get_by_role("button", name="Roll back 2 regions").click()
    assert served.fake.done == []
    page.locator("#dialog textarea").fill("wrong decisions")
    page.locator("#dialog").get_by_role("button", name="Roll back 2 regions").click()
    expect(page.locator("#rstate")).to_have_text("rolled back")


def test_buttons_that_are_off_say_why(at: Callable[..., Watched], served: Served) -> None:
    viewer = at("vera", "/rollouts/ro-42").page
    button = viewer.get_by_role("button", name="Abort")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.click(force=True)
    expect(viewer.locator("#toast")).to_contain_text("Only central operations")
    publisher = at("amara", "/rollouts/ro-42").page
    publisher.get_by_role("button", name="Approve wave 3").click(force=True)
    expect(publisher.locator("#toast")).to_contain_text("someone else must approve")
    assert served.fake.done == []


def test_a_forced_action_is_refused(at: Callable[..., Watched], served: Served) -> None:
    page = at("vera", "/rollouts/ro-42/abort").page
    expect(page.locator("[role=alert]")).to_contain_text("Only central operations")
    page.locator("textarea").fill("because")
    page.get_by_role("button", name="Abort rollout 42").click()
    expect(page.locator("[role=alert]")).to_contain_text("Not done.")
    cookies = {c["name"]: c["value"] for c in page.context.cookies()}
    forged = httpx.post(f"{served.base}/rollouts/ro-42/pause", data={"reason": "x"}, cookies=cookies)
    assert forged.status_code == 403
    assert served.fake.done == []


def test_asking_for_evidence(at: Callable[..., Watched], served: Served) -> None:
    page = at("rosa", "/evidence").page
    page.get_by_role("button", name="Ask for evidence…").click()
    page.locator("#dialog [name=region]").select_option("eu-de")
    page.locator("#dialog [name=recipient]").fill("age1qqqsyqcyq5rqwzqf")
    page.locator("#dialog").get_by_role("button", name="Ask the officer").click()
    expect(page.locator("#toast")).to_contain_text("Asked: ev-0051")
    expect(page.locator("table.cards tbody tr").first).to_contain_text("ev-0051")


def test_the_keyboard_reaches_everything(at: Callable[..., Watched]) -> None:
    watched = at("vera")
    page = watched.page
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    for letter, heading in {
        "r": "Rollouts",
        "v": "Releases",
        "s": "Spend",
        "e": "Evidence",
        "l": "What left",
        "w": "World",
    }.items():
        page.keyboard.press("g")
        page.keyboard.press(letter)
        expect(page.locator("h1")).to_have_text(heading)
    page.keyboard.press("?")
    expect(page.locator("#dialog h2")).to_have_text("Keyboard")
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator("#help")).to_be_focused()


def test_the_chart_reads_by_arrow_keys(at: Callable[..., Watched]) -> None:
    page = at("vera", "/spend").page
    readout = page.locator("#readout")
    expect(readout).to_contain_text("UTC")
    page.locator("#trend").focus()
    page.keyboard.press("Home")
    first = readout.inner_text()
    page.keyboard.press("ArrowRight")
    expect(readout).not_to_have_text(first)
    page.get_by_label("Cost, INR").check()
    expect(readout).to_contain_text("₹")


def test_times_switch_to_utc(at: Callable[..., Watched]) -> None:
    page = at("vera").page
    page.locator("#tz").click()
    expect(page.locator("#r-eu-de time").first).to_contain_text("UTC")


def test_the_theme_is_kept(at: Callable[..., Watched]) -> None:
    page = at("vera").page
    page.locator("#theme").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_lost_centre_is_said(at: Callable[..., Watched]) -> None:
    page = at("jonas", "/rollouts/ro-42").page
    page.evaluate("Date.now = ((real) => () => real() + 60000)(Date.now.bind(Date))")
    expect(page.locator(".banner")).to_contain_text("Live updates lost")
    page.get_by_role("button", name="Pause…").click()
    expect(page.locator("#toast")).to_contain_text("Not while live updates are lost")


def test_a_store_that_does_not_answer_is_said(at: Callable[..., Watched], served: Served, monkeypatch) -> None:
    page = at("vera").page

    async def silent() -> None:
        raise OSError

    async def broken() -> None:
        raise KeyError

    monkeypatch.setattr(served.fake, "regions", silent)
    answer = page.goto(served.base + "/")
    assert answer is not None
    assert answer.status == 503
    expect(page.locator("h1")).to_have_text("This page cannot be read now")
    monkeypatch.setattr(served.fake, "regions", broken)
    answer = page.goto(served.base + "/")
    assert answer is not None
    assert answer.status == 500
    expect(page.locator("main")).to_contain_text("PAGE-FAILED, trace")


def test_a_refusal_after_the_dialog_opened_is_said_in_it(at: Callable[..., Watched], served: Served) -> None:
    page = at("jonas", "/rollouts/ro-42").page
    page.get_by_role("button", name="Pause…").click()
    served.call(lambda: setattr(served.fake, "rollout_facts", tuple(_paused(served))))
    page.locator("#dialog").get_by_role("button", name="Pause rollout 42").click()
    expect(page.locator("#dialog [role=alert]")).to_contain_text("is paused already")
    assert served.fake.done == []


def _paused(served: Served) -> list[RolloutFact]:
    return [replace(r, state="paused") if r.id == "ro-42" else r for r in served.fake.rollout_facts]
