"""`python -m tests.fakes.console_server`: the console's pages over the fake, for looking at them.

Prints sign-in links.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import uvicorn
from fastapi import FastAPI

from control_plane.console.web.router import build_router, mount_static
from tests.fakes.console import PEOPLE, FakeConsole, deps


def application(fake: FakeConsole) -> FastAPI:
    """The pages and static files, without REST."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    mount_static(app)
    app.include_router(build_router(deps(fake)))
    return app


def main(port: int, *, empty: bool) -> None:
    """Serve on loopback until stopped."""
    fake = FakeConsole(datetime.now(UTC), empty=empty)
    for name in PEOPLE:
        sys.stdout.write("".join(f"http://127.0.0.1:{port}/login?token={fake.link(name)}\n" for _ in range(3)))
    sys.stdout.flush()
    uvicorn.run(application(fake), host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=3)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9600, empty="--empty" in sys.argv)
