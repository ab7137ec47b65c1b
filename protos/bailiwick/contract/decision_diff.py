"""The semantic diff: which decisions flip between two policy sets, by asking both about every combination."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Final

from bailiwick.contract.decision_attributes import ATTRIBUTES, Allow, Attributes, Deny, Verdict
from bailiwick.contract.decision_cedar import ANY, context_reads, parse, registered
from bailiwick.contract.decision_evaluate import DEFAULT_DENY, Evaluator
from bailiwick.contract.errors import PolicyError
from bailiwick.contract.release_policy import PolicySet

MAX_COMBINATIONS: Final = 100_000
_ALWAYS: Final = ("action", "region", "model")


@dataclass(frozen=True, slots=True)
class Flip:
    """A combination whose decision differs; attributes that no policy of either set reads are left out."""

    attributes: Mapping[str, str]
    before: Verdict
    after: Verdict

    @property
    def tightens(self) -> bool:
        """Whether what was allowed is now refused."""
        return isinstance(self.before, Allow)


@dataclass(frozen=True, slots=True)
class SemanticDiff:
    """Every flip among `combinations` combinations."""

    combinations: int
    flips: tuple[Flip, ...]


def _reads(policy_set: PolicySet) -> set[str]:
    names = {
        name for policy in policy_set.policies for _, body in parse(policy).conditions for name in context_reads(body)
    }
    return set(ATTRIBUTES) if ANY in names else names.intersection(ATTRIBUTES)


def _ranges(sets: Sequence[PolicySet], vocabularies: Mapping[str, Sequence[str]] | None) -> dict[str, tuple[str, ...]]:
    """The values to range over by attribute: those given, else all that either set registers."""
    read = set(_ALWAYS).union(*(_reads(policy_set) for policy_set in sets))
    ranges: dict[str, tuple[str, ...]] = {}
    for name in ATTRIBUTES:
        values: dict[str, None] = {}
        for policy_set in sets:
            values.update(dict.fromkeys(registered(policy_set).get(name, ())))
        given = (vocabularies or {}).get(name)
        if given is not None:
            values = dict.fromkeys(given)
        chosen = tuple(values) or (ANY,)
        ranges[name] = chosen if name in read else chosen[:1]
    return ranges


def semantic_diff(
    old: PolicySet | None, new: PolicySet, vocabularies: Mapping[str, Sequence[str]] | None = None
) -> SemanticDiff:
    """Compare decisions, over `vocabularies` where given (for one region: its id and jurisdiction) or all registered.

    Without `old` everything counts as refused before. Raises PolicyError when there are too many combinations.
    """
    before, after = (None if old is None else Evaluator(old)), Evaluator(new)
    ranges = _ranges([new] if old is None else [old, new], vocabularies)
    combinations = prod(len(values) for values in ranges.values())
    if combinations > MAX_COMBINATIONS:
        raise PolicyError(f"{combinations} combinations are too many to compare; name fewer values")
    shown = [name for name, values in ranges.items() if len(values) > 1 or name in _ALWAYS]
    flips: list[Flip] = []
    for values in product(*ranges.values()):
        attributes = Attributes(*values)
        was = Deny((DEFAULT_DENY,)) if before is None else before.decide(attributes)
        now = after.decide(attributes)
        if isinstance(was, Allow) != isinstance(now, Allow):
            mapping = attributes.mapping()
            flips.append(Flip({name: mapping[name] for name in shown}, was, now))
    return SemanticDiff(combinations, tuple(flips))
