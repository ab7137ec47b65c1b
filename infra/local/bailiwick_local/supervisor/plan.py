"""What the supervisor is to run, as plain data that goes through one JSON file.

A plan has units (the centre, each region) which run side by side. A unit has stages which start one after the other and
stop in reverse; all items of a stage start together. An item is a step (runs once, must end with 0) or a program, which
stays.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TERMINATE = 15
INTERRUPT = 2

ProbeKind = Literal["alive", "tcp", "http", "socket"]


@dataclass(frozen=True)
class Probe:
    """When a program counts as ready: `alive` for a moment, or each target answers.

    Targets: `tcp` host:port, `http` a URL that answers 200, `socket` the path of a Unix socket that accepts.
    """

    kind: ProbeKind = "alive"
    targets: tuple[str, ...] = ()
    wait_seconds: float = 90.0


@dataclass(frozen=True)
class Item:
    """One step or program."""

    name: str
    argv: tuple[str, ...]
    log: str
    kind: Literal["step", "program"] = "program"
    cwd: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    probe: Probe = Probe()
    stop_signal: int = TERMINATE
    stop_seconds: float = 12.0


@dataclass(frozen=True)
class Unit:
    """The centre or one region."""

    name: str
    stages: tuple[tuple[Item, ...], ...]


@dataclass(frozen=True)
class Plan:
    """Everything that one supervisor runs. `mark` is put into every process's environment as BAILIWICK_SUPERVISED."""

    mark: str
    units: tuple[Unit, ...]

    def without(self, names: frozenset[str]) -> Plan:
        """The same plan less the programs of these names."""
        units = []
        for unit in self.units:
            stages = (tuple(item for item in stage if item.name not in names) for stage in unit.stages)
            units.append(Unit(unit.name, tuple(stage for stage in stages if stage)))
        return Plan(self.mark, tuple(units))


def save(plan: Plan, path: Path) -> None:
    """Write the plan for the supervisor to read."""
    path.write_text(json.dumps(asdict(plan), indent=1), encoding="utf-8")
    path.chmod(0o600)


def load(path: Path) -> Plan:
    """Read what `save` wrote."""
    document = json.loads(path.read_text(encoding="utf-8"))
    units = tuple(
        Unit(unit["name"], tuple(tuple(_item(item) for item in stage) for stage in unit["stages"]))
        for unit in document["units"]
    )
    return Plan(document["mark"], units)


def _item(document: dict[str, object]) -> Item:
    values = dict(document)
    probe = values.pop("probe")
    argv = values.pop("argv")
    if not isinstance(probe, dict) or not isinstance(argv, list):
        raise TypeError("not a plan")
    probe["targets"] = tuple(probe["targets"])
    return Item(argv=tuple(str(word) for word in argv), probe=Probe(**probe), **values)  # type: ignore[arg-type]  # as saved
