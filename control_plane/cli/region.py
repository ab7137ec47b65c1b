"""`bailiwick region`: invite, list, show, approve, revoke."""

from __future__ import annotations

from typing import Annotated

import typer

from bailiwick.cli.options import AsOption, HomeOption, JsonOption, RegionOption
from bailiwick.cli.output import Output
from control_plane.cli.asking import client, clock, get, post, short


def invite(
    region: RegionOption,
    jurisdiction: Annotated[str, typer.Option("--jurisdiction", "-j", help="ISO 3166 code or bloc, such as EU or IN.")],
    as_user: AsOption = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Invite a region: a token that works once, for this region, for at most a day."""
    output = Output(json_)
    with client(as_user, home) as asked:
        made = post(asked, "/invitations", {"region": region, "jurisdiction": jurisdiction})
    output.document(made)
    output.say(f"\nIn the region: [bold]bailiwick enrol --region {region} TOKEN[/]")


def list_(as_user: AsOption = None, home: HomeOption = None, json_: JsonOption = False) -> None:
    """List the regions and how the centre sees them."""
    output = Output(json_)
    with client(as_user, home) as asked:
        found = get(asked, "/regions")
    if json_:
        output.document(found)
        return
    output.table(
        ("REGION", "JURISDICTION", "STATE", "RELEASE#", "LEDGER#", "REPORT#", "SEEN"),
        (
            (
                one["id"],
                one["jurisdiction"],
                one["state"],
                (one["release"] or {}).get("version", "-"),
                (one["ledger"] or {}).get("size", "-"),
                (one["last_report"] or {}).get("sequence", "-"),
                clock((one["link"] or {}).get("seen_at")),
            )
            for one in found["regions"]
        ),
    )


def show(region: RegionOption, as_user: AsOption = None, home: HomeOption = None, json_: JsonOption = False) -> None:
    """Show all that the centre knows of a region."""
    output = Output(json_)
    with client(as_user, home) as asked:
        found = get(asked, f"/regions/{region}")
    if json_:
        output.document(found)
        return
    output.fields({name: found[name] for name in ("id", "jurisdiction", "state", "phase", "approved_by", "desired")})
    output.table(
        ("OFFERED", "PHASE", "REASON", "SINCE"),
        ((short(one["manifest"]), one["phase"], one["reason"] or "-", clock(one["at"])) for one in found["offers"]),
    )


def approve(region: RegionOption, as_user: AsOption = None, home: HomeOption = None, json_: JsonOption = False) -> None:
    """Approve an enrolment: the region may collect its certificate."""
    output = Output(json_)
    with client(as_user, home) as asked:
        found = post(asked, f"/regions/{region}/approve")
    if json_:
        output.document(found)
    output.say(f"{region} is approved by {found['approved_by']}.")


def revoke(
    region: RegionOption,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_user: AsOption = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Revoke a region's certificates: its link is cut at once, and it serves on."""
    output = Output(json_)
    if not yes and not json_:
        typer.confirm(f"Cut the link of {region}? It needs a new invitation to come back", abort=True)
    with client(as_user, home) as asked:
        found = post(asked, f"/regions/{region}/revoke")
    if json_:
        output.document(found)
    output.say(f"{region} is revoked; certificates: {len(found['revoked'])}.")
