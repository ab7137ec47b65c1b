"""Policy sets as documents: Cedar policies with their annotations, registered vocabularies and registered models.

What a set decides is in `decision`; here is its form.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from bailiwick.contract import canonical, fields
from bailiwick.contract.canonical import Json
from bailiwick.contract.entry_document import choice
from bailiwick.contract.errors import MalformedError, ReleaseError

MAX_POLICY_SET: Final = 1 << 20
MAX_POLICIES: Final = 256
MAX_TEXT: Final = 16 * 1024
MAX_VALUES: Final = 1024

Effect: TypeAlias = Literal["permit", "forbid"]
EFFECTS: Final[tuple[Effect, ...]] = ("permit", "forbid")

REQUIRED_VOCABULARIES: Final = ("region", "jurisdiction")
OPTIONAL_VOCABULARIES: Final = ("cost_centre", "team", "project", "product", "use_case")
"""A set that leaves one out cannot read that attribute, and its decisions do not depend on it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One Cedar policy; `text` carries ``@id``, ``@owner`` and ``@basis`` equal to the fields beside it."""

    id: str
    owner: str
    basis: str
    effect: Effect
    text: str

    def document(self) -> Json:
        """JSON form."""
        return {
            "id": self.id,
            "owner": self.owner,
            "basis": self.basis,
            "effect": self.effect,
            "text": self.text,
        }

    @staticmethod
    def read(value: object) -> "Policy":
        """From JSON."""
        body = fields.members(value, ("id", "owner", "basis", "effect", "text"))
        policy = Policy(
            fields.identifier(body["id"]),
            fields.text(body["owner"], 128),
            fields.text(body["basis"], 512),
            choice(body["effect"], EFFECTS),
            fields.text(body["text"], MAX_TEXT),
        )
        if not policy.owner or not policy.basis:
            raise MalformedError("a policy names its owner and its legal basis")
        return policy


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the registry knows of a model; policies read it as positive evidence.

    `trained_on` and `reviewed_for` are jurisdictions; `licence` is an SPDX id in lower case or ``unknown``.
    """

    id: str
    licence: str
    approved: bool
    trained_on: tuple[str, ...]
    reviewed_for: tuple[str, ...]

    def document(self) -> Json:
        """JSON form."""
        return {
            "id": self.id,
            "licence": self.licence,
            "approved": self.approved,
            "trained_on": self.trained_on,
            "reviewed_for": self.reviewed_for,
        }

    @staticmethod
    def read(value: object) -> "ModelFacts":
        """From JSON."""
        body = fields.members(value, ("id", "licence", "approved", "trained_on", "reviewed_for"))
        return ModelFacts(
            fields.identifier(body["id"]),
            fields.identifier(body["licence"]),
            fields.boolean(body["approved"]),
            fields.distinct(body["trained_on"], 64, fields.jurisdiction),
            fields.distinct(body["reviewed_for"], 64, fields.jurisdiction),
        )


@dataclass(frozen=True, slots=True)
class PolicySet:
    """Policies, the registered values they range over, and the registered models."""

    policies: tuple[Policy, ...]
    vocabularies: Mapping[str, tuple[str, ...]]
    models: tuple[ModelFacts, ...]

    def __post_init__(self) -> None:
        for what, ids in (
            ("policy", [policy.id for policy in self.policies]),
            ("model", [model.id for model in self.models]),
        ):
            if len(set(ids)) != len(ids):
                raise ReleaseError(f"a {what} occurs twice")
        names = set(self.vocabularies)
        if not names.issuperset(REQUIRED_VOCABULARIES) or not names.issubset(
            (*REQUIRED_VOCABULARIES, *OPTIONAL_VOCABULARIES)
        ):
            raise ReleaseError("a policy set registers regions, jurisdictions and no attribute but the known ones")

    def encode(self) -> bytes:
        """Canonical bytes."""
        return canonical.dumps(
            {
                "v": 1,
                "kind": "policy-set",
                "policies": [policy.document() for policy in self.policies],
                "vocabularies": {**self.vocabularies},
                "models": [model.document() for model in self.models],
            }
        )

    @staticmethod
    def read(value: object) -> "PolicySet":
        """From parsed JSON, canonical or not."""
        body = fields.members(value, ("v", "kind", "policies", "vocabularies", "models"))
        if fields.integer(body["v"]) != 1 or body["kind"] != "policy-set":
            raise MalformedError("not a policy set of version 1")
        vocabularies = body["vocabularies"]
        if not isinstance(vocabularies, dict):
            raise MalformedError("vocabularies are lists of values by attribute")
        return PolicySet(
            fields.items(body["policies"], MAX_POLICIES, Policy.read),
            {name: _values(name, values) for name, values in vocabularies.items()},
            fields.items(body["models"], MAX_VALUES, ModelFacts.read),
        )

    @staticmethod
    def decode(data: bytes) -> "PolicySet":
        """From canonical bytes."""
        return PolicySet.read(canonical.loads(data, MAX_POLICY_SET))


def _values(name: str, value: object) -> tuple[str, ...]:
    return fields.distinct(value, MAX_VALUES, fields.jurisdiction if name == "jurisdiction" else fields.identifier)
