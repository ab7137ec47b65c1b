"""The Jinja environment: strict, escaped, with the console's own filters."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from control_plane.console.web import formats
from control_plane.console.web.assets import Assets
from control_plane.console.web.glyphs import shape

TEMPLATES = Path(__file__).parent / "templates"


def environment(assets: Assets) -> Environment:
    """Undefined names fail: a page never prints less than it means to."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
        lstrip_blocks=False,
        auto_reload=False,
    )
    env.filters.update(
        iso=formats.iso,
        stamp=formats.stamp,
        glyph=shape,
        jurisdiction=lambda code: formats.JURISDICTIONS.get(code, code),
    )
    env.globals.update(asset=assets.url)
    return env
