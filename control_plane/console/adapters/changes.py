"""What a release changes: decisions that flip, grouped by the rule that decides, and config values. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bailiwick.contract import decision
from bailiwick.contract.errors import PolicyError
from bailiwick.contract.release import Config, PolicySet
from control_plane.console.web.facts.release import FlipFact, ValueChange
from control_plane.console.web.formats import count

HIDDEN = frozenset({"jurisdiction", "action", "budget_exhausted"})
FEW = 6


@dataclass(frozen=True, slots=True)
class Placed:
    """A flip in a region."""

    region: str
    flip: decision.Flip

    @property
    def attributes(self) -> Mapping[str, str]:
        """What the decision depends on, its region included."""
        return {**self.flip.attributes, "region": self.region}


@dataclass(frozen=True, slots=True)
class Compared:
    """How many combinations were compared, and what flips; or `refused`: why they cannot be compared."""

    combinations: int = 0
    flips: tuple[FlipFact, ...] = ()
    refused: str = ""


def decisions(old: PolicySet | None, new: PolicySet, places: Sequence[tuple[str, str]]) -> Compared:
    """What flips, grouped by rule, over each (region, jurisdiction) of `places` by itself."""
    total = 0
    flips: list[Placed] = []
    for region, jurisdiction in places:
        try:
            found = decision.semantic_diff(old, new, {"region": [region], "jurisdiction": [jurisdiction]})
        except PolicyError as error:
            return Compared(refused=str(error))
        total += found.combinations
        flips.extend(Placed(region, flip) for flip in found.flips)
    return Compared(total, _grouped(flips))


def _grouped(flips: Sequence[Placed]) -> tuple[FlipFact, ...]:
    """One line per rule and direction, largest first."""
    groups: dict[tuple[bool, str], list[Placed]] = {}
    for placed in flips:
        groups.setdefault((placed.flip.tightens, _reason(placed.flip).policy), []).append(placed)
    ordered = sorted(groups.values(), key=len, reverse=True)
    return tuple(_line(members) for members in ordered)


def _reason(flip: decision.Flip) -> decision.Reason:
    """Why it is refused now, or was refused before."""
    verdict = flip.after if flip.tightens else flip.before
    return verdict.reasons[0] if isinstance(verdict, decision.Deny) else decision.Reason("", "", "")


def _line(members: Sequence[Placed]) -> FlipFact:
    reason = _reason(members[0].flip)
    seen: dict[str, dict[str, None]] = {}
    for member in members:
        for name, value in member.attributes.items():
            seen.setdefault(name, {})[value] = None
    attributes = tuple((name, _values(list(found))) for name, found in seen.items() if name not in HIDDEN)
    return FlipFact(len(members), members[0].flip.tightens, attributes, reason.policy, reason.owner, reason.basis)


def _values(found: Sequence[str]) -> str:
    return ", ".join(found) if len(found) <= FEW else f"{len(found)} values"


def values(old: Config | None, new: Config) -> tuple[ValueChange, ...]:
    """Config values that differ, by name."""
    before, after = dict(_flat(old)) if old else {}, dict(_flat(new))
    names = sorted(before.keys() | after.keys())
    return tuple(ValueChange(n, before.get(n, ""), after.get(n, "")) for n in names if before.get(n) != after.get(n))


def _flat(config: Config) -> Iterator[tuple[str, str]]:
    """Names and values as they are printed."""
    for model in config.models:
        yield f"model.{model.id}.kind", model.kind
        yield f"model.{model.id}.tier", model.tier
        yield f"model.{model.id}.context_length", f"{count(model.context_length)} tokens"
        yield f"model.{model.id}.default_max_tokens", f"{count(model.default_max_tokens)} tokens"
    for book in config.price_books:
        for model_id, price in sorted(book.prices.items()):
            for part in ("prompt", "cached", "output"):
                amount = count(getattr(price, part))
                yield f"price.{book.currency}.{model_id}.{part}", f"{amount} micro-{book.currency} per 1,000,000 tokens"
