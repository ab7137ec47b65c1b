"""Built front-end files by their plain name."""

from __future__ import annotations

import json
from pathlib import Path

STATIC = Path(__file__).parent / "static"
DIST = STATIC / "dist"


class AssetsMissingError(Exception):
    """The front end was not built."""


class Assets:
    """Maps `console.css` to the path with its content hash, so that browsers may keep files for ever."""

    def __init__(self, dist: Path = DIST) -> None:
        try:
            names = json.loads((dist / "manifest.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            message = (
                "the console's static files are missing: run `npm ci && npm run build` in "
                "control_plane/console/web/frontend"
            )
            raise AssetsMissingError(message) from error
        self._names: dict[str, str] = {str(k): str(v) for k, v in names.items()}

    def url(self, name: str) -> str:
        """The path of a built file; KeyError for an unknown one."""
        return f"/static/dist/{self._names[name]}"
