"""The console's pages over the fake, served in this process, and a browser to look at them."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import uvicorn
from playwright.sync_api import Browser

from tests.fakes.console import FakeConsole
from tests.fakes.console_server import application
from tests.fixtures.browser import Watched, browser, open_page, playwright

__all__ = ["browser", "playwright"]


@dataclass
class Served:
    """A running console; `call` runs something on its event loop."""

    base: str
    fake: FakeConsole
    loop: asyncio.AbstractEventLoop

    def link(self, name: str) -> str:
        return f"{self.base}/login?token={self.fake.link(name)}"

    def call(self, act: Callable[[], None]) -> None:
        done = threading.Event()
        self.loop.call_soon_threadsafe(act)
        self.loop.call_soon_threadsafe(done.set)
        assert done.wait(5)


def serve(fake: FakeConsole) -> Iterator[Served]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(application(fake), log_level="error", timeout_graceful_shutdown=1))
    started: list[asyncio.AbstractEventLoop] = []
    ready = threading.Event()

    async def main() -> None:
        started.append(asyncio.get_running_loop())
        ready.set()
        await server.serve(sockets=[listener])

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert ready.wait(5)
    yield Served(base, fake, started[0])
    server.should_exit = True
    thread.join(10)
    listener.close()


@pytest.fixture
def served() -> Iterator[Served]:
    yield from serve(FakeConsole(datetime.now(UTC)))


@pytest.fixture
def served_empty() -> Iterator[Served]:
    yield from serve(FakeConsole(datetime.now(UTC), empty=True))


@pytest.fixture
def at(served: Served, browser: Browser) -> Iterator[Callable[..., Watched]]:
    """Open a page as a person: `at("jonas", "/rollouts")`."""
    opened: list[Watched] = []

    def go(name: str, path: str = "/", *, phone: bool = False, dark: bool = False) -> Watched:
        watched = open_page(browser, served.link(name), phone=phone, dark=dark)
        opened.append(watched)
        if path != "/":
            watched.page.goto(served.base + path)
            watched.page.wait_for_selector("#live[data-s=connected]")
        return watched

    yield go
    for watched in opened:
        watched.page.context.close()
