"""The first thing that runs on a bare machine: `python3.11 infra/local/bootstrap.py demo|test`.

Only the standard library is there yet. It brings the pinned installer, makes `.venv` from a hash-pinned lock, and hands
over to `bailiwick_local.setup`, which does the rest. The second run finds everything in place and says nothing.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ROOT / "requirements"
VENV = ROOT / ".venv"
FLAVOURS = {"demo": "local", "test": "dev"}
TAIL = 25


def main(purpose: str) -> int:
    """Bring what `purpose` needs; returns an exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this runs before anything checks which Python it is
        stop(f"Python {sys.version.split()[0]} is too old", "install Python 3.11 and run: make PYTHON=python3.11 ...")
    if purpose not in FLAVOURS:
        stop(f"no purpose {purpose!r}", "say demo or test")
    cache = cache_dir()
    cache.mkdir(parents=True, exist_ok=True)
    uv = installer(cache)
    environment(uv, FLAVOURS[purpose])
    words = [str(VENV / "bin" / "python"), "-m", "bailiwick_local.setup", purpose]
    return subprocess.run(words, cwd=ROOT, check=False).returncode


def cache_dir() -> Path:
    """Where downloads and built tools lie (the same place as `bailiwick_local.cache`)."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "bailiwick"


def installer(cache: Path) -> Path:
    """The pinned `uv`, in a small environment of its own."""
    lock = LOCKS / "bootstrap.txt"
    home = cache / f"bootstrap-{digest(lock)}"
    link = cache / "bootstrap"
    if not (home / ".done").exists():
        need_venv()
        say("installer: making its environment")
        shutil.rmtree(home, ignore_errors=True)
        run([sys.executable, "-m", "venv", str(home)])
        run([str(home / "bin" / "python"), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(lock)])
        (home / ".done").touch()
    if not link.is_symlink() or link.readlink() != Path(home.name):
        if link.is_dir() and not link.is_symlink():
            shutil.rmtree(link)
        link.unlink(missing_ok=True)
        link.symlink_to(home.name)
    return home / "bin" / "uv"


def environment(uv: Path, flavour: str) -> None:
    """`.venv` with all that the lock names and this checkout, editable."""
    wanted = digest(LOCKS / f"{flavour}.txt", ROOT / "pyproject.toml")
    richer = ["dev"] if flavour == "local" else []
    for name in (flavour, *richer):
        stamp = VENV / f".bailiwick-{name}"
        present = digest(LOCKS / f"{name}.txt", ROOT / "pyproject.toml")
        if stamp.exists() and stamp.read_text() == present:
            return
    began = time.monotonic()
    say("packages: installing from the lock")
    if not (VENV / "bin" / "python").exists():
        run([str(uv), "-q", "venv", "--clear", "--python", sys.executable, str(VENV)])
    python = ("--python", str(VENV / "bin" / "python"))
    lock = str(LOCKS / f"{flavour}.txt")
    run([str(uv), "-q", "pip", "install", *python, "--no-deps", "--require-hashes", "-r", lock])
    run([str(uv), "-q", "pip", "install", *python, "--no-deps", "--no-build-isolation", "-e", str(ROOT)])
    (VENV / f".bailiwick-{flavour}").write_text(wanted)
    say(f"packages: done in {time.monotonic() - began:.0f} s")


def need_venv() -> None:
    """Debian splits Python: without `venv` and `ensurepip`, install the package that holds them, or say how."""
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    command = f"apt-get install -y {package}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        stop("this Python lacks the modules venv and ensurepip", f"sudo {command}")
    say(f"Debian: installing {package}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    words = ["apt-get", "install", "-y", "-qq", package]
    if subprocess.run(words, env=quiet, check=False, capture_output=True).returncode != 0:
        run(["apt-get", "update", "-qq"], quiet)
        run(words, quiet)


def run(words: list[str], environment: dict[str, str] | None = None) -> None:
    """Run a command quietly; on failure show the end of what it said."""
    variables = {"UV_CACHE_DIR": str(cache_dir() / "uv"), "UV_HTTP_TIMEOUT": "300", **(environment or os.environ)}
    # People point pip at a mirror; the installer reads a name of its own for the same thing.
    if "PIP_INDEX_URL" in variables:
        variables.setdefault("UV_DEFAULT_INDEX", variables["PIP_INDEX_URL"])
    done = subprocess.run(
        words, env=variables, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        sys.stderr.write("\n".join(done.stdout.splitlines()[-TAIL:]) + "\n")
        stop(f"`{' '.join(words[:4])} ...` ended with {done.returncode}", "see above; then run the same command again")


def digest(*paths: Path) -> str:
    """A short digest over files."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()[:12]


def say(text: str) -> None:
    """A line of progress."""
    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()


def stop(message: str, fix: str) -> None:
    """Say what is wrong and what to do, and leave."""
    sys.stderr.write(f"error: {message}\n   do: {fix}\n")
    raise SystemExit(1)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else "demo"))
