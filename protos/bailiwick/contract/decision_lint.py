"""What may stand in a policy set: the form that makes a forgotten fact a refusal instead of a gap."""

from collections.abc import Collection, Sequence

import cedarpy

from bailiwick.contract.decision_attributes import ACTIONS
from bailiwick.contract.decision_cedar import ANY, FACTS, TYPES, Parsed, context_reads, parse, registered, schema
from bailiwick.contract.errors import PolicyError
from bailiwick.contract.release_policy import Policy, PolicySet


def _permitted_actions(parsed: Parsed) -> tuple[str, ...]:
    """The actions that a permit's scope names."""
    scope = parsed.scope["action"]
    if scope.get("op") == "==":
        entities = [scope.get("entity")]
    elif scope.get("op") == "in":
        listed = scope.get("entities")
        entities = list(listed) if isinstance(listed, list) else [scope.get("entity")]
    else:
        return ACTIONS
    return tuple(str(entity["id"]) for entity in entities if isinstance(entity, dict) and "id" in entity)


def _permit_findings(permits: Sequence[Parsed]) -> list[str]:
    """Permits are alternatives in Cedar, so there is one per action and it decides nothing by itself."""
    findings: list[str] = []
    seen: dict[str, str] = {}
    for parsed in permits:
        name = parsed.policy.id
        if parsed.conditions or any(parsed.scope[part].get("op") != "All" for part in ("principal", "resource")):
            findings.append(f"policy {name}: a permit has no condition and no scope but its action; write a forbid")
        for action in _permitted_actions(parsed):
            if action in seen:
                findings.append(f"policy {name}: action {action} has its base permit already, {seen[action]}")
            seen.setdefault(action, name)
    return findings


def _forbid_findings(parsed: Parsed) -> list[str]:
    kinds = [kind for kind, _ in parsed.conditions]
    if kinds in ([], ["unless"]):
        return []
    return [f"policy {parsed.policy.id}: a forbid says `unless` its positive evidence, once, and has no `when`"]


def _read_findings(parsed: Parsed, known: Collection[str]) -> list[str]:
    """A misspelt member of the context is never there: Cedar's validator takes the guard as simply false."""
    read = {name for _, body in parsed.conditions for name in context_reads(body)}
    return [f"policy {parsed.policy.id}: there is no context.{name}" for name in sorted(read - {*known, ANY})]


def lint_own(policies: Sequence[Policy]) -> list[str]:
    """Findings in a region's own policies: it can only tighten, so every permit is one."""
    parsed = [parse(policy) for policy in policies]
    findings = [
        f"policy {one.policy.id}: a region's own set holds no permit" for one in parsed if one.policy.effect == "permit"
    ]
    for one in parsed:
        if one.policy.effect == "forbid":
            findings += _forbid_findings(one)
    return findings


def _fact_findings(policy_set: PolicySet) -> list[str]:
    known = set(registered(policy_set)["jurisdiction"])
    return [
        f"model {model.id}: jurisdiction {word} is not registered"
        for model in policy_set.models
        for word in (*model.trained_on, *model.reviewed_for)
        if word not in known
    ]


def _schema_findings(policies: Sequence[Policy], cedar_schema: str) -> list[str]:
    findings: list[str] = []
    for policy in policies:
        try:
            result = cedarpy.validate_policies(policy.text, cedar_schema)
        except ValueError as error:
            raise PolicyError("the policy set gives no valid schema") from error
        # Cedar names the policy by its place in the text: its own name says more.
        findings += [f"policy {policy.id}: {error.error}" for error in result.errors]
    return findings


def lint(policy_set: PolicySet, own: Sequence[Policy] = ()) -> list[str]:
    """Every finding in a release's policy set, with a region's own policies if given; an empty list means usable.

    Raises PolicyError where the policies cannot be parsed at all.
    """
    parsed = [parse(policy) for policy in policy_set.policies]
    findings = _permit_findings([one for one in parsed if one.policy.effect == "permit"])
    for one in parsed:
        if one.policy.effect == "forbid":
            findings += _forbid_findings(one)
    findings += lint_own(own)
    known = {*FACTS, *(name for name in TYPES if name in registered(policy_set) and name != "region")}
    for one in (*parsed, *(parse(policy) for policy in own)):
        findings += _read_findings(one, known)
    findings += _fact_findings(policy_set)
    ids = [policy.id for policy in (*policy_set.policies, *own)]
    findings += [f"policy {name}: its id occurs twice" for name in sorted({n for n in ids if ids.count(n) > 1})]
    return findings + _schema_findings((*policy_set.policies, *own), schema(policy_set))


def check(policy_set: PolicySet, own: Sequence[Policy] = ()) -> None:
    """Raise PolicyError naming every finding."""
    findings = lint(policy_set, own)
    if findings:
        raise PolicyError("; ".join(findings))
