"""`bailiwick release sign`: signs TUF targets metadata with offline keys, after checking what is signed.

Nothing is signed on the centre's word. Before a key is used, the payload must

1. be TUF targets metadata in canonical form, of the version after the one it is based on, not yet expired;
2. list the manifest that the release shows, by its SHA-256, and the blobs that this manifest names;
3. name the key's own id among those that count.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.formats import encode_canonical

from bailiwick.cli.options import AsOption, HomeOption, JsonOption
from bailiwick.cli.output import Exit, Output, fail
from bailiwick.contract.keys import public_text
from control_plane.cli.asking import Document, client, get, post, short

LONGEST = timedelta(days=731)


def sign(
    version: Annotated[int, typer.Argument(help="The release's version.")],
    key: Annotated[
        list[Path], typer.Option("--key", "-k", help="PEM file of an offline key; repeat for more.", dir_okay=False)
    ],
    as_user: AsOption = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Sign a release with offline keys, here; the keys do not leave this machine."""
    output = Output(json_)
    keys = [_load(path) for path in key]
    with client(as_user, home) as asked:
        release = get(asked, f"/releases/{version}")
        signing = get(asked, f"/releases/{version}/signing")
        payload = base64.b64decode(signing["payload"], validate=True)
        added = checked(payload, signing, release, datetime.now(UTC))
        for private in keys:
            keyid = _keyid(private, signing)
            signature = base64.b64encode(private.sign(payload)).decode()
            signing = post(asked, f"/releases/{version}/signatures", {"keyid": keyid, "sig": signature})
            output.note(f"signed with {short(keyid)} over {hashlib.sha256(payload).hexdigest()[:16]}")
    output.document(
        {
            "version": version,
            "manifest": release["manifest"],
            "targets": added,
            "signed": signing["signed"],
            "threshold": signing["threshold"],
            "complete": len(signing["signed"]) >= signing["threshold"],
        }
    )


def checked(payload: bytes, signing: Document, release: Document, now: datetime) -> list[str]:
    """The targets of this release that the payload lists. Ends the command when it is not what it should be."""
    try:
        body = json.loads(payload)
    except ValueError:
        _refuse("it is no JSON")
    if not isinstance(body, dict) or body.get("_type") != "targets":
        _refuse("it is no TUF targets metadata")
    if (encode_canonical(body) or "").encode() != payload:
        _refuse("it is not in canonical form")
    if body.get("version") != signing["base"] + 1 or body.get("delegations"):
        _refuse("its version does not follow, or it delegates")
    if not _lasts(body.get("expires"), now):
        _refuse("it expires too soon, or never")
    targets = body.get("targets")
    listed = targets if isinstance(targets, dict) else {}
    named = [("manifests", release["manifest"])]
    named += [("blobs", release[part]) for part in ("config", "policy", "code", "models") if release.get(part)]
    return [_listed(listed, folder, str(digest)) for folder, digest in named]


def _lasts(expires: object, now: datetime) -> bool:
    """Whether that is a time to come, at most two years away: what never expires could be kept for a replay."""
    try:
        moment = datetime.strptime(str(expires), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return now < moment <= now + LONGEST


def _listed(targets: Document, folder: str, digest: str) -> str:
    wanted = digest.removeprefix("sha256:")
    path = f"{folder}/{wanted}"
    entry = targets.get(path)
    if not isinstance(entry, dict) or entry.get("hashes", {}).get("sha256") != wanted:
        _refuse(f"it does not list {path}")
    return path


def _keyid(private: Ed25519PrivateKey, signing: Document) -> str:
    mine = public_text(private.public_key())
    found = [str(known["keyid"]) for known in signing["keys"] if known["key"] == mine]
    if found:
        return found[0]
    return fail("a key given is not among the release keys", "see `targets` in the TUF root metadata", Exit.FORBIDDEN)


def _load(path: Path) -> Ed25519PrivateKey:
    try:
        found = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}", "check --key", Exit.USAGE)
    except (ValueError, TypeError):
        fail(f"{path} is no unencrypted PEM private key", "check --key", Exit.USAGE)
    if not isinstance(found, Ed25519PrivateKey):
        fail(f"{path} is no Ed25519 key", "check --key", Exit.USAGE)
    return found


def _refuse(reason: str) -> NoReturn:
    fail(
        f"what the centre gave to sign was not signed: {reason}", "ask who runs the centre; do not sign by other means"
    )
