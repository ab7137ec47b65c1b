"""The deterministic tar: ustar, mode 0644, no owner, no time, the manifest first, the rest by name."""

from __future__ import annotations

import tarfile
from hashlib import sha256
from typing import TYPE_CHECKING

from bailiwick.contract import bundle

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import BinaryIO

CHUNK = 1 << 20


class Staging:
    """A folder where a bundle's files are gathered before they are named by digest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files: dict[str, bundle.File] = {}

    def put(self, name: str, data: bytes) -> None:
        """Add a small file."""
        self.stream(name, [data])

    def stream(self, name: str, chunks: Iterable[bytes]) -> None:
        """Add a file piece by piece."""
        hasher, size = sha256(), 0
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for chunk in chunks:
                hasher.update(chunk)
                size += len(chunk)
                file.write(chunk)
        self.files[name] = bundle.File(f"sha256:{hasher.hexdigest()}", size)

    def adopt(self, name: str) -> None:
        """Add a file that was written at its path already."""
        path = self.path(name)
        with path.open("rb") as file:
            self.files[name] = bundle.File(f"sha256:{digest(file).hex()}", path.stat().st_size)

    def path(self, name: str) -> Path:
        """Where a staged file lies."""
        return self._folder / name


def write(target: Path, staging: Staging, manifest: bytes, statement: bytes) -> None:
    """Write the archive: manifest, statement, then every staged file by name."""
    with target.open("wb") as out, tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in ((bundle.MANIFEST, manifest), (bundle.STATEMENT, statement)):
            staging.put(f"head/{name}", data)
            _add(tar, name, len(data), staging.path(f"head/{name}"))
            del staging.files[f"head/{name}"]
        for name in sorted(staging.files):
            _add(tar, name, staging.files[name].size, staging.path(name))


def _add(tar: tarfile.TarFile, name: str, size: int, path: Path) -> None:
    info = tarfile.TarInfo(name)
    info.size = size
    info.mode = 0o644
    with path.open("rb") as file:
        tar.addfile(info, file)


def digest(file: BinaryIO) -> bytes:
    """SHA-256 of a file from where it stands."""
    hasher = sha256()
    while chunk := file.read(CHUNK):
        hasher.update(chunk)
    return hasher.digest()
