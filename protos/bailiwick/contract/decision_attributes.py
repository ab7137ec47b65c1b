"""What a decision depends on: attributes out of closed vocabularies, and what a decision is."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

from bailiwick.contract.errors import MalformedError


class Attributes(NamedTuple):
    """A request as policies see it.

    `model` is the model's id after aliases, `tier` the tier granted, `budget_exhausted` the word ``true`` or ``false``.
    Tags that a policy set does not register may have any value, for no policy can read them.
    """

    action: str
    region: str
    jurisdiction: str
    cost_centre: str
    team: str
    project: str
    product: str
    use_case: str
    environment: str
    tier: str
    model: str
    time_band: str
    prompt_band: str
    budget_exhausted: str

    def mapping(self) -> dict[str, str]:
        """As recorded in an admission."""
        return self._asdict()

    @staticmethod
    def read(mapping: Mapping[str, str]) -> "Attributes":
        """From what an admission records; raises MalformedError for other names."""
        if set(mapping) != set(ATTRIBUTES):
            raise MalformedError("attributes are missing or unknown")
        return Attributes(**mapping)


ATTRIBUTES: Final[tuple[str, ...]] = Attributes._fields

ACTIONS: Final = ("chat", "completion", "embedding")
ENVIRONMENTS: Final = ("experiment", "production")
TIERS: Final = ("economy", "premium")
TIME_BANDS: Final = ("business", "evening", "night", "weekend")
PROMPT_BANDS: Final = ("small", "medium", "large")
BOOLEANS: Final = ("false", "true")

FIXED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "action": ACTIONS,
        "environment": ENVIRONMENTS,
        "tier": TIERS,
        "time_band": TIME_BANDS,
        "prompt_band": PROMPT_BANDS,
        "budget_exhausted": BOOLEANS,
    }
)
"""Vocabularies that the contract itself closes."""


def time_band(hour: int, weekday: int) -> str:
    """The band of a local hour (0-23) on a weekday (0 is Monday): weekend, business 8-18, evening 18-22, else night."""
    if weekday >= 5:
        return "weekend"
    if 8 <= hour < 18:
        return "business"
    return "evening" if 18 <= hour < 22 else "night"


def prompt_band(tokens: int) -> str:
    """The band of a prompt's upper bound in tokens: small up to 1,024, medium up to 8,192, else large."""
    if tokens <= 1024:
        return "small"
    return "medium" if tokens <= 8192 else "large"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not: a policy with its owner and legal basis, and, where its author gave one, what would make it pass."""

    policy: str
    owner: str
    basis: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Allow:
    """Go ahead; `policies` are the determining ones."""

    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deny:
    """Refuse; there is always at least one reason."""

    reasons: tuple[Reason, ...]

    @property
    def policies(self) -> tuple[str, ...]:
        """Ids of the determining policies."""
        return tuple(reason.policy for reason in self.reasons)


Verdict: TypeAlias = Allow | Deny
