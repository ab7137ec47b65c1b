"""`bailiwick trust export`: what the holder of this machine knows, written as the verifier's trust file.

The file comes from the holder's own knowledge and never along with a bundle, so that a bundle cannot vouch for itself.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from bailiwick.cli import places
from bailiwick.cli.options import HomeOption, JsonOption, OptionalRegionOption
from bailiwick.cli.output import Output


def export(
    region: OptionalRegionOption = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write here instead of standard output.")] = None,
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Write the keys, quorum and roots that `bailiwick verify --trust` is to rely on."""
    output = Output(json_)
    if region:
        with places.region_client(region, home) as client:
            trust = client.get("/trust").json()
    else:
        with places.centre_client(base=home) as client:
            trust = client.get("/api/v1/trust").json()
    if out is None:
        Output(json=True).document(trust)
        return
    out.write_text(json.dumps(trust, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    output.document({"trust": str(out.absolute())})
