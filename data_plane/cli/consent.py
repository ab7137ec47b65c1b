"""`bailiwick consent ...`: the officer's word on releases, signed on the officer's machine with the officer's key."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bailiwick.cli import places
from bailiwick.cli.options import HomeOption, JsonOption, RegionOption
from bailiwick.cli.output import Exit, Output, fail
from bailiwick.contract import statement

Release = Annotated[str, typer.Argument(help="The release: its version, or its manifest digest (sha256:...).")]
KeyFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--key",
        help="An officer's private key; default: officers/REGION/officer.pem. Repeat where several must sign.",
        show_default=False,
    ),
]


def list_(region: RegionOption, home: HomeOption = None, json_: JsonOption = False) -> None:
    """List the releases that were offered to a region, newest first."""
    output = Output(json_)
    with places.region_client(region, home) as client:
        offers = client.get("/offers").json()
    if json_:
        output.document(offers)
        return
    output.table(
        ("VERSION", "STATE", "GATED BECAUSE OF", "MANIFEST", "SEEN"),
        (
            (
                offer["version"],
                offer["state"],
                ", ".join(offer["gated"]) or "nothing",
                offer["manifest"],
                offer["seen_at"],
            )
            for offer in offers["offers"]
        ),
    )


def show(region: RegionOption, release: Release, home: HomeOption = None, json_: JsonOption = False) -> None:
    """Show what would change in the region: contents by digest, and which decisions of policy would flip."""
    output = Output(json_)
    with places.region_client(region, home) as client:
        offer = client.get(f"/offers/{release}").json()
    if json_:
        output.document(offer)
        return
    output.fields({name: offer[name] for name in ("version", "manifest", "state", "notes", "fallback")})
    output.table(
        ("CLASS", "NOW", "THEN", "GATED"), ([c["class"], c["now"], c["then"], c["gated"]] for c in offer["changes"])
    )
    flips = offer["flips"]
    output.say(
        f"\n{flips['count']} of {flips['combinations']} decisions would flip:"
        if flips["count"]
        else "\nNo decision of policy would flip."
    )
    output.table(
        ("NOW", "THEN", "WHERE", "RULES"),
        ((f["before"], f["after"], f["where"], ", ".join(f["policies"])) for f in flips["examples"]),
    )


def give(
    region: RegionOption, release: Release, key: KeyFiles = None, home: HomeOption = None, json_: JsonOption = False
) -> None:
    """Consent to a release with the officer's key."""
    _state(region, release, "consent", None, key, home, json_=json_)


def refuse(
    region: RegionOption,
    release: Release,
    reason: Annotated[str, typer.Option("--reason", help="One of: " + ", ".join(statement.VETO_REASONS))],
    key: KeyFiles = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Veto a release with the officer's key and a reason code."""
    if reason not in statement.VETO_REASONS:
        fail(f"{reason!r} is no reason code", "use one of: " + ", ".join(statement.VETO_REASONS), Exit.USAGE)
    _state(region, release, "veto", reason, key, home, json_=json_)


def _state(
    region: str,
    release: str,
    kind: statement.Kind,
    reason: str | None,
    keys: list[Path] | None,
    home: Path | None,
    *,
    json_: bool,
) -> None:
    output = Output(json_)
    signers = [_load(path) for path in keys or [places.home(home) / "officers" / region / "officer.pem"]]
    with places.region_client(region, home) as client:
        offer: dict[str, Any] = client.get(f"/offers/{release}").json()
        said = statement.Statement(
            kind=kind,
            manifest=offer["manifest"],
            region=region,
            sequence=offer["next_sequence"],
            reason_code=reason,
            at=datetime.now(UTC),
        )
        envelope = statement.sign_statement(said, signers)
        answer = client.post(f"/offers/{offer['manifest']}/statement", json={"envelope": envelope.decode()}).json()
    output.document(answer)


def _load(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        fail(f"there is no officer's key at {path}", "name its file with --key", Exit.USAGE)
    except ValueError as error:
        fail(f"{path} holds no private key: {error}", "give an Ed25519 key in PEM", Exit.USAGE)
    if not isinstance(key, Ed25519PrivateKey):
        fail(f"{path} is not an Ed25519 key", "give an Ed25519 key in PEM", Exit.USAGE)
    return key
