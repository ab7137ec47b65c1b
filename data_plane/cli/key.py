"""`bailiwick key ...`: API keys of a region. The secret is shown once, at creation."""

from __future__ import annotations

from typing import Annotated

import typer

from bailiwick.cli import places
from bailiwick.cli.options import HomeOption, JsonOption, RegionOption
from bailiwick.cli.output import Output

Values = Annotated[list[str] | None, typer.Option(show_default=False)]


def create(
    region: RegionOption,
    team: Annotated[list[str], typer.Option(help="Team; repeat to permit several.")],
    cost_centre: Annotated[list[str] | None, typer.Option(help="Cost centre.", show_default=False)] = None,
    project: Annotated[
        list[str] | None, typer.Option(help="Permitted projects; repeatable.", show_default=False)
    ] = None,
    product: Annotated[
        list[str] | None, typer.Option(help="Permitted products; repeatable.", show_default=False)
    ] = None,
    use_case: Annotated[
        list[str] | None, typer.Option(help="Permitted use cases; repeatable.", show_default=False)
    ] = None,
    environment: Annotated[
        list[str] | None, typer.Option(help="experiment or production; repeatable.", show_default=False)
    ] = None,
    name: Annotated[str, typer.Option(help="What the key is for; no personal data.")] = "",
    service: Annotated[
        bool, typer.Option("--service", help="A service key: its traffic is not a person's. Recorded in the ledger.")
    ] = False,
    premium: Annotated[bool, typer.Option("--premium", help="Entitled to the premium tier.")] = False,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Make a key. A tag with one value is fixed by the key; with several, the request chooses; none: all registered."""
    output = Output(json_)
    tags = {
        "cost_centre": cost_centre,
        "team": team,
        "project": project,
        "product": product,
        "use_case": use_case,
        "environment": environment,
    }
    request = {
        "name": name,
        "tags": {tag: values for tag, values in tags.items() if values},
        "service": service,
        "premium": premium,
    }
    with places.region_client(region, home) as client:
        created = client.post("/keys", json=request).json()
    output.document(created)
    if not json_:
        output.note("The key is shown this once; keep it now.")


def list_(region: RegionOption, home: HomeOption = None, json_: JsonOption = False) -> None:
    """List the keys of a region, newest first."""
    output = Output(json_)
    with places.region_client(region, home) as client:
        keys = client.get("/keys").json()
    if json_:
        output.document(keys)
        return
    output.table(
        ("ID", "NAME", "TAGS", "SERVICE", "CREATED", "REVOKED"),
        (
            (
                key["id"],
                key["name"],
                "; ".join(f"{tag}={','.join(values)}" for tag, values in key["tags"].items()),
                "yes" if key["service"] else "",
                key["created_at"],
                key["revoked_at"] or "",
            )
            for key in keys["keys"]
        ),
    )


def revoke(
    region: RegionOption,
    key_id: Annotated[str, typer.Argument(help="The key's id.")],
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Revoke a key; every gateway worker refuses it within a second."""
    _change(region, key_id, "revoke", home, json_=json_)


def rotate(
    region: RegionOption,
    key_id: Annotated[str, typer.Argument(help="The key's id.")],
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Replace a key's secret; the old one stops working within a second."""
    _change(region, key_id, "rotate", home, json_=json_)


def _change(region: str, key_id: str, verb: str, home: HomeOption, *, json_: bool) -> None:
    output = Output(json_)
    with places.region_client(region, home) as client:
        output.document(client.post(f"/keys/{key_id}/{verb}").json())
