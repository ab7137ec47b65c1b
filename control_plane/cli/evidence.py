"""`bailiwick evidence request|pull`: ask at the centre, fetch from the region, open with the auditor's own identity."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import pyrage
import typer

from bailiwick.cli.options import AsOption, HomeOption, JsonOption, RegionOption
from bailiwick.cli.output import Exit, Output, fail
from control_plane.cli.asking import client, clock, get, post

MOST_BYTES = 4 * 1024**3
CHUNK = 1024 * 1024
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def request(
    region: RegionOption,
    recipient: Annotated[str, typer.Option("--recipient", help="Your age recipient: age1...")],
    first: Annotated[int, typer.Option("--first", help="First ledger index.", min=0)] = 0,
    next_: Annotated[int, typer.Option("--next", help="Index after the last; 0: up to the newest.", min=0)] = 0,
    as_user: AsOption = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Ask a region's officer for evidence."""
    output = Output(json_)
    with client(as_user, home) as asked:
        made = post(asked, "/evidence", {"region": region, "recipient": recipient, "first": first, "next": next_})
    output.document(made)
    output.say(
        "\nThe officer grants it in the region and gives you an address and a token for `bailiwick evidence pull`."
    )


def list_(as_user: AsOption = None, home: HomeOption = None, json_: JsonOption = False) -> None:
    """List what was asked for, and how it stands."""
    output = Output(json_)
    with client(as_user, home) as asked:
        found = get(asked, "/evidence")
    if json_:
        output.document(found)
        return
    output.table(
        ("REQUEST", "REGION", "PHASE", "BY", "ASKED", "BUNDLE"),
        (
            (
                one["id"],
                one["region"],
                one["phase"],
                one["requested_by"],
                clock(one["requested_at"]),
                one["bundle"] or "-",
            )
            for one in found["requests"]
        ),
    )


def pull(
    url: Annotated[str, typer.Argument(help="The bundle's address in the region, from the officer's grant.")],
    token: Annotated[str, typer.Option("--token", help="The grant's token.", envvar="BAILIWICK_GRANT")],
    identity: Annotated[Path, typer.Option("--identity", "-i", help="File with your age identity.", dir_okay=False)],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder to write to; default: here.")] = None,
    json_: JsonOption = False,
) -> None:
    """Fetch a sealed bundle from the region and open it; nothing passes through the centre, nothing is overwritten."""
    output = Output(json_)
    keys = _identities(identity)
    _refuse_plain(url)
    sealed = _download(url, token, output)
    try:
        opened = pyrage.decrypt(sealed, keys)
    except pyrage.DecryptError:
        fail(
            "the bundle is not sealed to this identity, or was changed on its way", "check --identity with the officer"
        )
    folder = (out or Path()).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    stem, page = _contents(opened)
    bundle = folder / f"{stem}.tar"
    written = {"bundle": str(bundle), "digest": f"sha256:{hashlib.sha256(opened).hexdigest()}", "bytes": len(opened)}
    _write(bundle, opened)
    if page is not None:
        _write(bundle.with_suffix(".html"), page)
        written["page"] = str(bundle.with_suffix(".html"))
    output.document(written)
    output.say(f"\nNext: [bold]bailiwick verify {bundle.name} --trust trust.json[/]")


def _identities(path: Path) -> list[pyrage.x25519.Identity]:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{path} cannot be read: {error}", "check --identity", Exit.USAGE)
    found = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    try:
        keys = [pyrage.x25519.Identity.from_str(line) for line in found]
    except pyrage.IdentityError:
        keys = []
    if not keys:
        fail(f"{path} holds no age identity", "make one with `age-keygen -o FILE`", Exit.USAGE)
    return keys


def _refuse_plain(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return
    fail(f"{url} would carry the grant's token in the clear", "use the region's https address", Exit.USAGE)


def _download(url: str, token: str, output: Output) -> bytes:
    body = io.BytesIO()
    try:
        with (
            httpx.Client(timeout=60, follow_redirects=False) as region,
            region.stream("GET", url, headers={"Authorization": f"Bearer {token}"}) as answer,
        ):
            if answer.status_code != 200:
                _refused(answer)
            total = float(answer.headers.get("content-length", 0)) or None
            with output.progress("downloading", total) as progress:
                for chunk in answer.iter_bytes(CHUNK):
                    body.write(chunk)
                    progress.update(0, advance=len(chunk))  # type: ignore[arg-type] # the first task
                    if body.tell() > MOST_BYTES:
                        fail("the bundle is larger than 4 GiB", "ask for a smaller range")
    except httpx.TransportError as error:
        fail(f"cannot reach the region at {url}: {type(error).__name__}", "check the address", Exit.UNREACHABLE)
    return body.getvalue()


def _refused(answer: httpx.Response) -> None:
    answer.read()
    code = Exit.FORBIDDEN if answer.status_code in {401, 403} else Exit.NOT_SO
    reason = "the grant is unknown, used up or expired" if code is Exit.FORBIDDEN else f"status {answer.status_code}"
    fail(f"the region did not give the bundle: {reason}", "ask the officer for a new grant", code)


def _contents(opened: bytes) -> tuple[str, bytes | None]:
    """`<region>-<from>-<to>` and the page for people, from inside the bundle. Member names are never used as paths."""
    stem, page = "", None
    try:
        with tarfile.open(fileobj=io.BytesIO(opened), mode="r:") as archive:
            for member in archive:
                name = member.name.rpartition("/")[2]
                file = archive.extractfile(member) if member.isreg() else None
                if file is None:
                    continue
                if name == "manifest.json" and not stem:
                    stem = _stem(file.read())
                elif name.endswith(".html") and page is None:
                    page = file.read()
    except (tarfile.TarError, ValueError, KeyError, TypeError) as error:
        fail(f"what was sealed is no bundle: {type(error).__name__}", "tell the officer")
    return stem or hashlib.sha256(opened).hexdigest()[:16], page


def _stem(body: bytes) -> str:
    manifest = json.loads(body)
    region, first, upto = str(manifest["region"]), int(manifest["first"]), int(manifest["next"])
    plain = "".join(char for char in region if char.isascii() and (char.isalnum() or char == "-"))
    return f"{plain}-{first}-{upto}"


def _write(path: Path, body: bytes) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(body)
    except FileExistsError:
        fail(f"{path} is there already, and is not overwritten", "give another --out", Exit.USAGE)
