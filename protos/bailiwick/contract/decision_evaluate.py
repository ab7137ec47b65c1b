"""The one evaluator, for the gateway that decides and the verifier that decides again."""

from collections.abc import Sequence
from typing import Final

import cedarpy

from bailiwick.contract.decision_attributes import Allow, Attributes, Deny, Reason, Verdict
from bailiwick.contract.decision_cedar import parse, registered, request
from bailiwick.contract.decision_lint import check
from bailiwick.contract.errors import PolicyError
from bailiwick.contract.release_policy import Policy, PolicySet

MAX_KNOWN: Final = 1 << 16

_CONTRACT: Final = "bailiwick"
DEFAULT_DENY: Final = Reason("default-deny", _CONTRACT, "no policy permits the action")
EVALUATION_ERROR: Final = Reason("evaluation-error", _CONTRACT, "a policy could not be evaluated: refused")


def unknown_value(name: str) -> Reason:
    """An attribute's value is not registered."""
    return Reason(f"unknown-{name.replace('_', '-')}", _CONTRACT, f"the value of {name} is not registered")


class Evaluator:
    """Decides requests by one policy set, and by a region's own policies if given; one immutable whole.

    1. A value outside its vocabulary is refused before anything is looked up or remembered.
    2. Cedar decides; any error in its diagnostics is a refusal (Cedar itself skips a forbid that errs).
    3. No permit is a refusal.

    A decision is a pure function of the sets and the attributes, so it is remembered: a known one is one dictionary
    look-up. Construction raises PolicyError for a set that `check` refuses.
    """

    def __init__(self, policy_set: PolicySet, own: Sequence[Policy] = ()) -> None:
        check(policy_set, own)
        self.policy_set = policy_set
        policies = (*policy_set.policies, *own)
        self._order = {policy.id: place for place, policy in enumerate(policies)}
        self._reasons = {
            policy.id: Reason(policy.id, policy.owner, policy.basis, parse(policy).advice) for policy in policies
        }
        try:
            self._cedar = cedarpy.PolicySet.from_str("\n".join(policy.text for policy in policies))
        except ValueError as error:
            raise PolicyError("the policies do not parse together") from error
        self._no_entities = cedarpy.Entities.from_json_str("[]")
        self._vocabularies = {name: frozenset(values) for name, values in registered(policy_set).items()}
        self._facts = {model.id: model for model in policy_set.models}
        self._known: dict[Attributes, Verdict] = {}

    def decide(self, attributes: Attributes) -> Verdict:
        """Allow, or deny with reasons."""
        return self._known.get(attributes) or self._decide(attributes)

    def _decide(self, attributes: Attributes) -> Verdict:
        values = attributes.mapping()
        unknown = [name for name, words in self._vocabularies.items() if values[name] not in words]
        if unknown:
            return Deny(tuple(unknown_value(name) for name in unknown))
        verdict = self._evaluate(attributes)
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[attributes] = verdict
        return verdict

    def _evaluate(self, attributes: Attributes) -> Verdict:
        asked = request(attributes, self._facts[attributes.model], tuple(self._vocabularies))
        try:
            result = cedarpy.is_authorized(asked, self._cedar, self._no_entities)
        except ValueError:
            return Deny((EVALUATION_ERROR,))
        if result.diagnostics.errors:
            return Deny((EVALUATION_ERROR,))
        ids = sorted(result.diagnostics.id_annotations_by_reason.values(), key=self._order.__getitem__)
        if result.decision is cedarpy.Decision.Allow and ids:
            return Allow(tuple(ids))
        return Deny(tuple(self._reasons[name] for name in ids) or (DEFAULT_DENY,))


def evaluate(policy_set: PolicySet, attributes: Attributes, own: Sequence[Policy] = ()) -> Verdict:
    """Decide once."""
    return Evaluator(policy_set, own).decide(attributes)
