"""The archive: exactly the files that the manifest names, each with its digest, in the one form that a bundle has."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, BinaryIO

from bailiwick.contract import bundle
from bailiwick.contract.errors import ContractError
from bailiwick.verify.errors import ArchiveError
from bailiwick.verify.findings import Code

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bailiwick.verify.findings import Step

BLOCK = 512
RECORD = 20 * BLOCK
CHUNK = 1 << 20
MAX_LINE = 1 << 18


@dataclass(frozen=True)
class Place:
    """Where a file's bytes lie in the archive."""

    offset: int
    size: int


class Archive:
    """A bundle on disk, opened for reading; files are read where they lie, so memory stays flat."""

    def __init__(self, file: BinaryIO, places: dict[str, Place], length: int) -> None:
        self._file = file
        self._places = places
        self._length = length

    @property
    def names(self) -> list[str]:
        """Files in the order of the archive."""
        return list(self._places)

    def read(self, name: str, limit: int = 16 << 20) -> bytes:
        """A whole file.

        Raises:
            ArchiveError: there is none, or it is longer than `limit`.
        """
        place = self._places.get(name)
        if place is None:
            raise ArchiveError(f"the bundle holds no {name}")
        if place.size > limit:
            raise ArchiveError(f"{name} is longer than {limit} bytes")
        self._file.seek(place.offset)
        return self._file.read(place.size)

    def lines(self, name: str) -> Iterator[bytes]:
        """A file's lines, one at a time, without their newlines; the last line ends with one too."""
        place = self._places[name]
        position, end = place.offset, place.offset + place.size
        rest = b""
        while position < end or rest:
            self._file.seek(position)
            chunk = self._file.read(min(CHUNK, end - position))
            position += len(chunk)
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole
            if (not chunk and rest) or len(rest) > MAX_LINE:
                raise ArchiveError(f"{name} holds a line that is cut or too long")

    def digest(self, name: str) -> str:
        """`sha256:<hex>` of a file."""
        place = self._places[name]
        self._file.seek(place.offset)
        hasher, left = sha256(), place.size
        while left:
            chunk = self._file.read(min(CHUNK, left))
            if not chunk:
                raise ArchiveError(f"{name} is cut short")
            hasher.update(chunk)
            left -= len(chunk)
        return f"sha256:{hasher.hexdigest()}"

    def size(self, name: str) -> int:
        """A file's length in bytes."""
        return self._places[name].size

    def canonical(self) -> bool:
        """Whether every byte outside the files is what the deterministic form has there: headers, padding, the end."""
        position = 0
        for name, place in self._places.items():
            self._file.seek(position)
            if place.offset != position + BLOCK or self._file.read(BLOCK) != header(name, place.size):
                return False
            position = place.offset + place.size
            padding = -place.size % BLOCK
            self._file.seek(position)
            if self._file.read(padding) != bytes(padding):
                return False
            position += padding
        total = -(-(position + 2 * BLOCK) // RECORD) * RECORD
        self._file.seek(position)
        return self._length == total and self._file.read(total - position) == bytes(total - position)


def header(name: str, size: int) -> bytes:
    """The one header that a bundle has for a file of this name and size: ustar, mode 0644, no owner, no time."""
    info = tarfile.TarInfo(name)
    info.size = size
    info.mode = 0o644
    return info.tobuf(tarfile.USTAR_FORMAT)


def open_archive(path: Path, file: BinaryIO) -> Archive:
    """Index an archive.

    Raises:
        ArchiveError: it is no tar of regular files, each name once.
    """
    length = path.stat().st_size
    places: dict[str, Place] = {}
    try:
        with tarfile.open(fileobj=file, mode="r:", format=tarfile.USTAR_FORMAT) as tar:
            for member in tar:
                if not member.isreg() or member.name in places:
                    raise ArchiveError(f"a bundle holds regular files, each once, and not {member.name[:80]!r}")
                if len(places) > bundle.MAX_FILES:
                    raise ArchiveError("a bundle holds fewer files")
                places[member.name] = Place(member.offset_data, member.size)
    except (tarfile.TarError, EOFError, UnicodeDecodeError) as error:
        raise ArchiveError(f"{path.name} is no tar archive: open the sealed file with your identity first") from error
    return Archive(file, places, length)


def check(archive: Archive, step: Step) -> bundle.BundleManifest | None:
    """Step 1: the manifest is well formed, and names exactly what is there."""
    if bundle.MANIFEST not in archive.names:
        step.find(Code.FILE_MISSING, f"there is no {bundle.MANIFEST}")
        return None
    try:
        manifest = bundle.BundleManifest.decode(archive.read(bundle.MANIFEST))
    except ContractError as error:
        step.find(Code.ARCHIVE, f"{bundle.MANIFEST}: {error}")
        return None
    expected = [bundle.MANIFEST, bundle.STATEMENT, *sorted(manifest.files)]
    present = set(archive.names)
    for name in expected:
        if name not in present:
            step.find(Code.FILE_MISSING, f"{name} is named and not there")
    for name in archive.names:
        if name not in expected:
            step.find(Code.FILE_EXTRA, f"{name} is there and not named")
    for name, file in manifest.files.items():
        if name in present and (archive.size(name), archive.digest(name)) != (file.size, file.digest):
            step.find(Code.FILE_DIGEST, f"{name} is not the file that was signed")
    if not step.findings and (archive.names != expected or not archive.canonical()):
        step.find(Code.ARCHIVE, "the archive is not in its one deterministic form")
    step.checked = len(manifest.files)
    return manifest
