"""The source tree as these tests see it: our own Python files, without what is generated."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("control_plane", "data_plane", "protos", "infra", "tests")
SKIPPED_PARTS = frozenset({"__pycache__", "node_modules", ".venv", "build", "dist"})


@dataclass(frozen=True)
class Source:
    """One file, parsed."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.name)


def generated(path: Path) -> bool:
    return path.stem.endswith(("_pb2", "_pb2_grpc"))


def sources(*packages: str) -> Iterator[Source]:
    """Files below `packages` (all by default), in order."""
    for package in packages or PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if not SKIPPED_PARTS.intersection(path.parts) and not generated(path):
                yield Source(path)
