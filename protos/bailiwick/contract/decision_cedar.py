"""Policies to Cedar and back: parsing, annotations, the schema, and requests.

Region, model and every word of a vocabulary are entities of ``enum`` types, so that a misspelt word does not validate.
Everything in the context is optional in the schema, so that Cedar's validator demands a ``has`` guard for every read.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import cedarpy

from bailiwick.contract import fields
from bailiwick.contract.canonical import Json
from bailiwick.contract.decision_attributes import ACTIONS, FIXED, Attributes
from bailiwick.contract.entry_document import choice
from bailiwick.contract.errors import MalformedError, PolicyError
from bailiwick.contract.release_policy import EFFECTS, MAX_POLICY_SET, ModelFacts, Policy, PolicySet

ANNOTATIONS: Final = ("id", "owner", "basis")
OPTIONAL_ANNOTATIONS: Final = ("advice",)
ANY: Final = "*"

FACTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "budget_exhausted": "Bool",
        "licence": "String",
        "approved": "Bool",
        "trained_on": "Set<Jurisdiction>",
        "reviewed_for": "Set<Jurisdiction>",
    }
)
"""Members of the context that are no words of a vocabulary, with their Cedar types."""

TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "region": "Region",
        "jurisdiction": "Jurisdiction",
        "cost_centre": "CostCentre",
        "team": "Team",
        "project": "Project",
        "product": "Product",
        "use_case": "UseCase",
        "environment": "Environment",
        "tier": "Tier",
        "time_band": "TimeBand",
        "prompt_band": "PromptBand",
    }
)
"""Entity type of each attribute in the context; ``budget_exhausted`` is a boolean."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """One policy as Cedar's JSON form holds it."""

    policy: Policy
    advice: str
    scope: Mapping[str, Mapping[str, object]]
    conditions: tuple[tuple[str, object], ...]


def _static(text: str) -> list[dict[str, object]]:
    if len(text) > MAX_POLICY_SET:
        raise PolicyError("policies are too long")
    try:
        document = json.loads(cedarpy.policies_to_json_str(text))
    except ValueError as error:
        raise PolicyError("policies do not parse as Cedar") from error
    if document["templates"] or document["templateLinks"]:
        raise PolicyError("templates are not used here")
    static = document["staticPolicies"]
    return [static[name] for name in sorted(static, key=lambda name: int(name.removeprefix("policy")))]


def _read(document: dict[str, object], text: str) -> Parsed:
    annotations = document.get("annotations")
    if not isinstance(annotations, dict):
        raise PolicyError(f"a policy lacks its annotations @{', @'.join(ANNOTATIONS)}")
    missing = [name for name in ANNOTATIONS if not annotations.get(name)]
    unknown = [name for name in annotations if name not in (*ANNOTATIONS, *OPTIONAL_ANNOTATIONS)]
    label = annotations.get("id") or "without @id"
    if missing or unknown:
        raise PolicyError(f"policy {label}: annotations missing {missing}, unknown {unknown}")
    try:
        policy = Policy(
            fields.identifier(annotations["id"]),
            fields.text(annotations["owner"], 128),
            fields.text(annotations["basis"], 512),
            choice(document["effect"], EFFECTS),
            text,
        )
        advice = fields.text(annotations.get("advice") or "", 512)
    except MalformedError as error:
        raise PolicyError(f"policy {label}: an annotation is not of its form") from error
    conditions = document["conditions"]
    if not isinstance(conditions, list):
        raise PolicyError(f"policy {label}: unreadable conditions")
    scope = {name: document[name] for name in ("principal", "action", "resource")}
    return Parsed(policy, advice, scope, tuple((c["kind"], c["body"]) for c in conditions))  # type: ignore[arg-type] # Cedar's own form


def parse(policy: Policy) -> Parsed:
    """Parse one policy of a set; its text must hold exactly that policy, annotated as its fields say."""
    documents = _static(policy.text)
    if len(documents) != 1:
        raise PolicyError(f"policy {policy.id}: its text holds {len(documents)} policies")
    parsed = _read(documents[0], policy.text)
    if parsed.policy != policy:
        raise PolicyError(f"policy {policy.id}: its fields differ from its annotations or effect")
    return parsed


def parse_policies(text: str) -> tuple[Policy, ...]:
    """Policies of a Cedar file, each with its own text in Cedar's own formatting; comments are dropped."""
    policies: list[Policy] = []
    for document in _static(text):
        one = json.dumps({"templates": {}, "staticPolicies": {"policy0": document}, "templateLinks": []})
        own = cedarpy.format_policies(cedarpy.policies_from_json_str(one), line_width=100, indent_width=2).strip()
        policies.append(_read(document, own).policy)
    return tuple(policies)


def context_reads(body: object) -> Iterator[str]:
    """Names of the context's members that a condition in Cedar's JSON form reads; ANY where it uses the whole."""
    if isinstance(body, dict):
        if body.get("Var") == "context":
            yield ANY
            return
        left = body.get("left")
        if isinstance(left, dict) and left.get("Var") == "context" and isinstance(body.get("attr"), str):
            yield str(body["attr"])
            return
        for part in body.values():
            yield from context_reads(part)
    elif isinstance(body, list):
        for part in body:
            yield from context_reads(part)


def _enum(name: str, values: Iterable[str]) -> str:
    words = ", ".join(json.dumps(value) for value in values)
    if not words:
        raise PolicyError(f"no {name} is registered")
    return f"entity {name} enum [{words}];"


def registered(policy_set: PolicySet) -> dict[str, tuple[str, ...]]:
    """Every vocabulary that a set's policies range over, by attribute."""
    return {**FIXED, **policy_set.vocabularies, "model": tuple(model.id for model in policy_set.models)}


def schema(policy_set: PolicySet) -> str:
    """The Cedar schema that a set's policies validate against."""
    known = registered(policy_set)
    typed = {name: kind for name, kind in TYPES.items() if name in known}
    entities = [_enum(kind, known[name]) for name, kind in typed.items()]
    entities.append(_enum("Model", known["model"]))
    context = [f"{name}?: {kind}" for name, kind in typed.items() if name != "region"]
    context += [f"{name}?: {kind}" for name, kind in FACTS.items()]
    actions = ", ".join(f'"{action}"' for action in ACTIONS)
    applies = f"principal: [Region], resource: [Model], context: {{ {', '.join(context)} }}"
    return "\n".join((*entities, f"action {actions} appliesTo {{ {applies} }};"))


def _entity(kind: str, word: str) -> Json:
    return {"__entity": {"type": kind, "id": word}}


def request(attributes: Attributes, facts: ModelFacts, declared: Sequence[str]) -> dict[str, object]:
    """The Cedar request: the region as principal, the action, the model as resource, everything else as context."""
    values = attributes.mapping()
    context: dict[str, object] = {
        name: _entity(kind, values[name]) for name, kind in TYPES.items() if name in declared and name != "region"
    }
    context["budget_exhausted"] = attributes.budget_exhausted == "true"
    context["licence"] = facts.licence
    context["approved"] = facts.approved
    context["trained_on"] = [_entity("Jurisdiction", word) for word in facts.trained_on]
    context["reviewed_for"] = [_entity("Jurisdiction", word) for word in facts.reviewed_for]
    return {
        "principal": {"type": "Region", "id": attributes.region},
        "action": {"type": "Action", "id": attributes.action},
        "resource": {"type": "Model", "id": attributes.model},
        "context": context,
    }
