"""Options that many verbs share, spelled once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home", help="Where the federation lives [BAILIWICK_HOME, else .bailiwick here].", show_default=False
    ),
]
RegionOption = Annotated[str, typer.Option("--region", "-r", help="The region's id, such as eu-de.")]
OptionalRegionOption = Annotated[
    str | None, typer.Option("--region", "-r", help="The region's id, such as eu-de.", show_default=False)
]
AsOption = Annotated[
    str | None,
    typer.Option("--as", help="Act as this user over the local admin socket [BAILIWICK_AS].", show_default=False),
]
