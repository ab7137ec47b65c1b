"""Step 11: each decision evaluated again, from its recorded policy and attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bailiwick.contract.decision import Allow, Attributes, Evaluator
from bailiwick.contract.errors import ContractError
from bailiwick.contract.ledger_entry import Admission, Decision
from bailiwick.verify.findings import Code

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bailiwick.contract.ledger_entry import Entry
    from bailiwick.contract.release import Policy, PolicySet
    from bailiwick.verify.findings import Step


class Decisions:
    """An admission must be what its policy allows, a refusal by policy what it refuses, each for the recorded rules.

    A region's own policies can only tighten: they are asked only where the released set alone does not explain a
    refusal.
    """

    def __init__(self, step: Step, policy_set: Callable[[str], PolicySet | None], own: Sequence[Policy]) -> None:
        """`policy_set` gives a policy set by digest, None where the bundle lacks it; `own` are the region's own."""
        self._step = step
        self._policy_set = policy_set
        self._own = tuple(own)
        self._evaluators: dict[tuple[str, bool], Evaluator | None] = {}

    def entry(self, index: int, entry: Entry) -> None:
        """The next entry of the range."""
        if isinstance(entry, Admission):
            self._again(index, entry.policy, entry.attributes, entry.policies, allowed=True)
        elif isinstance(entry, Decision) and entry.reason == "policy" and entry.policy is not None:
            self._again(index, entry.policy, entry.attributes, entry.policies, allowed=False)

    def _again(
        self, index: int, policy: str, attributes: Mapping[str, str], policies: tuple[str, ...], *, allowed: bool
    ) -> None:
        self._step.checked += 1
        owned = not allowed and not {policy.id for policy in self._own}.isdisjoint(policies)
        evaluator = self._evaluator(index, policy, self._own if owned else ())
        if evaluator is None:
            return
        try:
            verdict = evaluator.decide(Attributes.read(attributes))
        except ContractError as error:
            self._step.find(Code.DECISION, str(error), index)
            return
        if isinstance(verdict, Allow) != allowed:
            self._step.find(Code.DECISION, "the recorded decision is not what its policy decides", index)
        elif set(verdict.policies) != set(policies):
            self._step.find(Code.DECISION, "other rules decide than were recorded", index)

    def _evaluator(self, index: int, policy: str, own: tuple[Policy, ...]) -> Evaluator | None:
        known = (policy, bool(own))
        if known not in self._evaluators:
            self._evaluators[known] = self._made(index, policy, own)
        return self._evaluators[known]

    def _made(self, index: int, policy: str, own: tuple[Policy, ...]) -> Evaluator | None:
        found = self._policy_set(policy)
        if found is None:
            self._step.find(Code.DECISION, f"the policy set {policy} is not here", index)
            return None
        try:
            return Evaluator(found, own)
        except ContractError as error:
            self._step.find(Code.DECISION, f"the policy set {policy} cannot be used: {error}", index)
            return None
