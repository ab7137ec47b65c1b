"""`bailiwick release`: build, check, publish, list, show, compare. Signing stands in its own module."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import httpx
import typer

from bailiwick.cli.options import AsOption, HomeOption, JsonOption
from bailiwick.cli.output import Exit, Output, fail
from control_plane.cli.asking import Document, client, clock, get, post, short

Regions = Annotated[list[str], typer.Option("--region", "-r", help="A region that the release names; repeat.")]
ConfigFile = Annotated[Path, typer.Option("--config", help="Config as JSON: price book, models.", dir_okay=False)]
PolicyFile = Annotated[Path, typer.Option("--policy", help="Policy set as JSON.", dir_okay=False)]
Fallback = Annotated[
    str | None, typer.Option("--fallback", help="Where to return to in an incident: a version or a digest.")
]
Version = Annotated[int, typer.Argument(help="The release's version.")]


def build(
    region: Regions,
    config: ConfigFile,
    policy: PolicyFile,
    fallback: Fallback = None,
    version: Annotated[int | None, typer.Option("--version", help="Default: the next one.")] = None,
    notes: Annotated[str, typer.Option("--notes", help="For the officers who will read it.")] = "",
    as_user: AsOption = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Build a draft from config and policy, ready to be signed."""
    output = Output(json_)
    with client(as_user, home) as asked:
        body = _body(asked, region, config, policy, fallback) | {"version": version, "notes": notes}
        made = post(asked, "/releases", body)
    if json_:
        output.document(made)
        return
    output.fields({name: made[name] for name in ("version", "manifest", "config", "policy", "fallback", "regions")})
    output.say(f"\nNext: [bold]bailiwick release sign {made['version']} --key FILE ...[/]")


def check(
    region: Regions,
    config: ConfigFile,
    policy: PolicyFile,
    fallback: Fallback = None,
    as_user: AsOption = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Say what speaks against a release before anybody builds it. Exit code 1 when something does."""
    output = Output(json_)
    with client(as_user, home) as asked:
        found = post(asked, "/checks", _body(asked, region, config, policy, fallback))
    if json_:
        output.document(found)
    output.table(("PART", "WHAT SPEAKS AGAINST IT"), ((one["part"], one["message"]) for one in found["findings"]))
    if not found["ok"]:
        raise typer.Exit(Exit.NOT_SO)
    output.say("Nothing speaks against it.")


def publish(version: Version, as_user: AsOption = None, home: HomeOption = None, json_: JsonOption = False) -> None:
    """Put a signed release in force: it is offered to its regions at once; nothing runs before their consent."""
    output = Output(json_)
    with client(as_user, home) as asked:
        made = post(asked, f"/releases/{version}/publish")
    if json_:
        output.document(made)
    output.say(f"Release {version} is published by {made['published_by']} and offered to {', '.join(made['regions'])}.")


def list_(as_user: AsOption = None, home: HomeOption = None, json_: JsonOption = False) -> None:
    """List the releases."""
    output = Output(json_)
    with client(as_user, home) as asked:
        found = get(asked, "/releases")
    if json_:
        output.document(found)
        return
    output.table(
        ("VERSION#", "STAGE", "REGIONS", "CONFIG", "POLICY", "FALLBACK", "BUILT BY", "PUBLISHED"),
        (
            (
                one["version"],
                one["stage"],
                ", ".join(one["regions"]),
                short(one["config"]),
                short(one["policy"]),
                short(one["fallback"]),
                one["built_by"],
                clock(one["published_at"]),
            )
            for one in found["releases"]
        ),
    )


def show(version: Version, as_user: AsOption = None, home: HomeOption = None, json_: JsonOption = False) -> None:
    """Show a release with its config and policies."""
    output = Output(json_)
    with client(as_user, home) as asked:
        found = get(asked, f"/releases/{version}")
    if json_:
        output.document(found)
        return
    output.fields({name: value for name, value in found.items() if name != "content"})
    output.console.print_json(json.dumps(found["content"]))


def diff(
    before: Annotated[int, typer.Argument(help="The older version.")],
    after: Annotated[int, typer.Argument(help="The newer version.")],
    as_user: AsOption = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Show what differs between two releases."""
    output = Output(json_)
    with client(as_user, home) as asked:
        found = get(asked, f"/releases/{before}/diff/{after}")
    if json_:
        output.document(found)
        return
    output.table(
        ("PART", "VALUE", f"RELEASE {before}", f"RELEASE {after}"),
        ((one["part"], one["path"], one["before"], one["after"]) for one in found["changes"]),
    )


def _body(asked: httpx.Client, region: list[str], config: Path, policy: Path, fallback: str | None) -> Document:
    digest = get(asked, f"/releases/{fallback}")["manifest"] if fallback and fallback.isdigit() else fallback
    return {"regions": region, "config": _read(config), "policy": _read(policy), "fallback": digest}


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}", "check the path", Exit.USAGE)
    except ValueError as error:
        fail(f"{path} is not JSON: {error}", "correct the file", Exit.USAGE)
