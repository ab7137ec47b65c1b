"""`data/release/state.json`: the highest version seen and the release applied, outside PostgreSQL, on durable storage.

PostgreSQL may be restored to an older copy; this record is what then refuses a lower version. Each step of applying a
release is written here before it takes effect, so that an agent killed at any point knows where it was:

- `pending`: the switch is being made; `active_release` may or may not show it yet.
- `watching`: the switch is made, its health is not judged yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bailiwick.contract import canonical
from bailiwick.contract.canonical import Json
from bailiwick.contract.errors import ContractError
from data_plane.database.durable import write_durably
from data_plane.releases.errors import RecordError

LIMIT = 1 << 16
KEPT_FAILURES = 64


@dataclass(frozen=True)
class Step:
    """A manifest (`sha256:<hex>`) with its version and the generation of the wish that asked for it."""

    manifest: str
    version: int
    generation: int


@dataclass(frozen=True)
class Record:
    """What the region runs and what it will never go back to."""

    highest: int = 0
    highest_manifest: str | None = None
    applied: Step | None = None
    previous: Step | None = None
    pending: Step | None = None
    watching: bool = False
    failed: Mapping[str, int] = field(default_factory=dict)

    def intend(self, step: Step) -> Record:
        """Before the switch: `step` is about to be made; no version below it will do from now on."""
        raised = step.version > self.highest
        return replace(
            self,
            pending=step,
            highest=step.version if raised else self.highest,
            highest_manifest=step.manifest if raised else self.highest_manifest,
            failed={name: generation for name, generation in self.failed.items() if name != step.manifest},
        )

    def switched(self) -> Record:
        """After the switch: what was pending is applied and watched; a failed release is nothing to go back to."""
        left = self.applied
        back = None if left is None or left.manifest in self.failed else left
        return replace(self, previous=back, applied=self.pending, pending=None, watching=True)

    def abandoned(self) -> Record:
        """The switch was not made: nothing is pending."""
        return replace(self, pending=None)

    def settled(self) -> Record:
        """The applied release is healthy."""
        return replace(self, watching=False)

    def condemned(self, generation: int) -> Record:
        """The applied release is unhealthy: the previous one is pending, and the digest waits for a new generation."""
        failed = dict(self.failed)
        if self.applied is not None:
            failed[self.applied.manifest] = generation
        kept = dict(sorted(failed.items(), key=lambda item: item[1])[-KEPT_FAILURES:])
        return replace(self, pending=self.previous, watching=False, failed=kept)

    @property
    def leaving(self) -> bool:
        """Whether what is applied has failed and there is something to go back to."""
        return self.applied is not None and self.applied.manifest in self.failed and self.previous is not None

    def may_try(self, manifest: str, generation: int) -> bool:
        """A digest that failed is not tried again before a new generation."""
        return self.failed.get(manifest, -1) < generation


class RecordFile:
    """The record on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Record:
        """Reads the record; an absent file is an empty record.

        Raises:
            RecordError: the file is there and cannot be understood. Nothing is guessed from it.
        """
        try:
            body = self._path.read_bytes()
        except FileNotFoundError:
            return Record()
        try:
            return _decode(canonical.loads(body, LIMIT))
        except (ContractError, KeyError, TypeError, ValueError) as error:
            raise RecordError(
                f"{self._path} does not say what runs. Restore it from a backup; without it, the region could be"
                " brought back to a release that it has left behind."
            ) from error

    def save(self, record: Record) -> None:
        """Writes the record durably."""
        write_durably(self._path, canonical.dumps(_encode(record)), 0o640)


def _encode(record: Record) -> Json:
    return {
        "v": 1,
        "highest": record.highest,
        "highest_manifest": record.highest_manifest,
        "applied": _encode_step(record.applied),
        "previous": _encode_step(record.previous),
        "pending": _encode_step(record.pending),
        "watching": record.watching,
        "failed": dict(record.failed),
    }


def _encode_step(step: Step | None) -> Json:
    if step is None:
        return None
    return {"manifest": step.manifest, "version": step.version, "generation": step.generation}


def _decode(value: object) -> Record:
    if not isinstance(value, dict) or value["v"] != 1 or not isinstance(value["watching"], bool):
        raise TypeError("not a record")
    return Record(
        highest=int(value["highest"]),
        highest_manifest=value["highest_manifest"],
        applied=_decode_step(value["applied"]),
        previous=_decode_step(value["previous"]),
        pending=_decode_step(value["pending"]),
        watching=value["watching"],
        failed={str(name): int(generation) for name, generation in value["failed"].items()},
    )


def _decode_step(value: object) -> Step | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise TypeError("not a step")
    return Step(str(value["manifest"]), int(value["version"]), int(value["generation"]))
