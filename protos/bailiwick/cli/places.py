"""Where a local federation keeps its parts, and clients for the sockets found there.

Clients answer with exit code 3 when nobody listens and turn problem documents into the command's error, so that a verb
is one request and one table.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import httpx

from bailiwick.cli.output import Exit, fail

DEFAULT_PORT_BASE = 8700
START = "start it with `bailiwick up`, and look with `bailiwick status`"


def home(override: Path | None = None) -> Path:
    """Everything that a local federation writes lies under here (absolute; need not exist)."""
    return (override or Path(os.environ.get("BAILIWICK_HOME", ".bailiwick"))).absolute()


def port_base() -> int:
    """The first of the federation's ports."""
    text = os.environ.get("BAILIWICK_PORT_BASE", str(DEFAULT_PORT_BASE))
    if not text.isdigit() or not 1024 <= int(text) <= 64000:
        fail(f"BAILIWICK_PORT_BASE is {text!r}", "give a number from 1024 to 64000", Exit.USAGE)
    return int(text)


def centre_dir(base: Path | None = None) -> Path:
    """The centre's directory."""
    return home(base) / "centre"


def region_dir(region: str, base: Path | None = None) -> Path:
    """The directory of one region; it need not exist."""
    if not region or not all(char.isascii() and (char.isalnum() or char == "-") for char in region):
        fail(f"{region!r} is no region id", "use letters, digits and hyphens, such as eu-de", Exit.USAGE)
    return home(base) / "regions" / region


def region_ids(base: Path | None = None) -> list[str]:
    """The ids of all regions on this machine, in order."""
    return sorted(path.parent.name for path in (home(base) / "regions").glob("*/region.toml"))


def region_settings(region: str, base: Path | None = None) -> dict[str, object]:
    """The contents of a region's `region.toml`."""
    return _toml(region_dir(region, base) / "region.toml", f"region {region} is not on this machine")


def centre_settings(base: Path | None = None) -> dict[str, object]:
    """The contents of the centre's `centre.toml`."""
    return _toml(centre_dir(base) / "centre.toml", "the centre is not on this machine")


def centre_client(as_user: str | None = None, base: Path | None = None, timeout: float = 60) -> httpx.Client:
    """A client for the centre's REST API, to be asked for paths such as `/api/v1/regions`.

    With `BAILIWICK_TOKEN` it speaks to the console's address (`BAILIWICK_CENTRE`, else the local one) as the token's
    user; else over the local admin socket as `as_user` (`BAILIWICK_AS`).
    """
    token = os.environ.get("BAILIWICK_TOKEN")
    if token:
        address = os.environ.get("BAILIWICK_CENTRE") or f"http://127.0.0.1:{port_base()}"
        headers = {"Authorization": f"Bearer {token}"}
        return _client(httpx.HTTPTransport(), address, headers, f"the centre at {address}", timeout)
    acting = as_user or os.environ.get("BAILIWICK_AS")
    headers = {"X-Bailiwick-As": acting} if acting else {}
    transport = _socket(centre_dir(base) / "run" / "admin.sock", "the centre")
    return _client(transport, "http://centre", headers, "the centre", timeout)


def region_client(region: str, base: Path | None = None, timeout: float = 60) -> httpx.Client:
    """A client for a region's admin socket, to be asked for paths such as `/status`."""
    directory = region_dir(region, base)
    if not (directory / "region.toml").exists():
        known = ", ".join(region_ids(base)) or "none"
        fail(f"region {region} is not on this machine (known here: {known})", "check --region and --home", Exit.USAGE)
    transport = _socket(directory / "run" / "admin.sock", f"region {region}")
    return _client(transport, "http://region", {}, f"region {region}", timeout)


def _socket(path: Path, peer: str) -> httpx.BaseTransport:
    if not path.exists():
        fail(f"cannot reach {peer}: there is no {path}", START, Exit.UNREACHABLE)
    return httpx.HTTPTransport(uds=str(path))


class _Translating(httpx.BaseTransport):
    """Ends the command with code 3 when the peer cannot be reached."""

    def __init__(self, inner: httpx.BaseTransport, peer: str) -> None:
        self._inner = inner
        self._peer = peer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        try:
            return self._inner.handle_request(request)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            fail(f"cannot reach {self._peer}: {error}", START, Exit.UNREACHABLE)
        except httpx.TransportError as error:
            kind = type(error).__name__
            fail(f"{self._peer} did not answer: {kind}", "try again; see `bailiwick logs`", Exit.UNREACHABLE)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


def _client(
    transport: httpx.BaseTransport, address: str, headers: dict[str, str], peer: str, timeout: float
) -> httpx.Client:
    hooks = {"response": [raise_problem]}
    translating = _Translating(transport, peer)
    return httpx.Client(transport=translating, base_url=address, headers=headers, timeout=timeout, event_hooks=hooks)


def raise_problem(response: httpx.Response) -> None:
    """End the command when the answer is an error, with the words of its problem document."""
    if not response.is_error:
        return
    response.read()
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    problem = problem if isinstance(problem, dict) else {}
    detail = problem.get("detail") or problem.get("title") or f"HTTP status {response.status_code}"
    fail(
        detail if isinstance(detail, str) else str(detail),
        str(problem.get("fix", "")),
        _exit_code(response.status_code),
    )


def _exit_code(status: int) -> Exit:
    if status in {401, 403}:
        return Exit.FORBIDDEN
    if status in {400, 405, 413, 415, 422}:
        return Exit.USAGE
    if status in {502, 503, 504}:
        return Exit.UNREACHABLE
    return Exit.NOT_SO


def _toml(path: Path, missing: str) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        fail(f"{missing}: there is no {path}", "check --home, or start a federation with `bailiwick up`", Exit.USAGE)
    except tomllib.TOMLDecodeError as error:
        fail(f"{path} cannot be read: {error}", "correct the file", Exit.USAGE)
