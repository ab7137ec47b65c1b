"""What differs between two releases, value by value."""

from __future__ import annotations

import json
from collections.abc import Iterator

from bailiwick.contract.release import Config, Manifest, PolicySet
from control_plane.domain.releases import Difference, ReleaseDiff
from control_plane.services.releases import Releases

MOST = 2000
PARTS = ("manifest", "config", "policy")


async def compare(releases: Releases, before: int, after: int) -> ReleaseDiff:
    """The differences of regions, config and policies. Raises NotFoundError."""
    older, newer = await releases.content(before), await releases.content(after)
    differences: list[Difference] = []
    for part, first, second in zip(PARTS, _bodies(older), _bodies(newer), strict=True):
        old, new = dict(_flat(json.loads(first))), dict(_flat(json.loads(second)))
        differences.extend(
            Difference(part, path, old.get(path), new.get(path))
            for path in sorted(old.keys() | new.keys())
            if old.get(path) != new.get(path)
        )
    return ReleaseDiff(before, after, tuple(differences[:MOST]))


def _bodies(content: tuple[Manifest, Config, PolicySet]) -> tuple[bytes, bytes, bytes]:
    manifest, config, policy = content
    return manifest.encode(), config.encode(), policy.encode()


def _flat(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            named = inner.get("id", place) if isinstance(inner, dict) else place
            yield from _flat(inner, f"{path}[{named}]")
    else:
        yield path, value if isinstance(value, str) else json.dumps(value)
