"""`bailiwick user`: the people who use the centre."""

from __future__ import annotations

from typing import Annotated

import typer

from bailiwick.cli.options import AsOption, HomeOption, JsonOption
from bailiwick.cli.output import Output
from control_plane.cli.asking import API, client, clock, get

User = Annotated[str, typer.Argument(help="The user's id, such as amara.")]


def add(
    user: User,
    role: Annotated[list[str], typer.Option("--role", help="viewer, finance, operations or auditor; repeat.")],
    name: Annotated[str, typer.Option("--name", help="How pages show the user; default: the id.")] = "",
    as_user: AsOption = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Add a user, or give a known one new roles."""
    output = Output(json_)
    with client(as_user, home) as asked:
        made = asked.post(f"{API}/users", json={"id": user, "name": name, "roles": role}).json()
    output.document(made)


def list_(as_user: AsOption = None, home: HomeOption = None, json_: JsonOption = False) -> None:
    """List the users."""
    output = Output(json_)
    with client(as_user, home) as asked:
        found = get(asked, "/users")
    if json_:
        output.document(found)
        return
    output.table(
        ("USER", "NAME", "ROLES", "SINCE"),
        ((one["id"], one["name"], ", ".join(one["roles"]), clock(one["created_at"])) for one in found["users"]),
    )


def link(user: User, as_user: AsOption = None, home: HomeOption = None, json_: JsonOption = False) -> None:
    """Make a link that signs a person in to the console, once, within 15 minutes."""
    output = Output(json_)
    with client(as_user, home) as asked:
        made = asked.post(f"{API}/users/{user}/link", json={}).json()
    output.document(made)


def token(user: User, as_user: AsOption = None, home: HomeOption = None, json_: JsonOption = False) -> None:
    """Make a token for scripts (BAILIWICK_TOKEN), good for 90 days; it is shown once."""
    output = Output(json_)
    with client(as_user, home) as asked:
        made = asked.post(f"{API}/users/{user}/token", json={}).json()
    output.document(made)
