"""Policy decisions: Cedar under the contract's rules. The parts stand in the ``decision_*`` modules."""

from bailiwick.contract.decision_attributes import (
    ACTIONS,
    ATTRIBUTES,
    ENVIRONMENTS,
    FIXED,
    PROMPT_BANDS,
    TIERS,
    TIME_BANDS,
    Allow,
    Attributes,
    Deny,
    Reason,
    Verdict,
    prompt_band,
    time_band,
)
from bailiwick.contract.decision_cedar import parse_policies, schema
from bailiwick.contract.decision_diff import Flip, SemanticDiff, semantic_diff
from bailiwick.contract.decision_evaluate import DEFAULT_DENY, EVALUATION_ERROR, Evaluator, evaluate
from bailiwick.contract.decision_lint import check, lint, lint_own

__all__ = [
    "ACTIONS",
    "ATTRIBUTES",
    "DEFAULT_DENY",
    "ENVIRONMENTS",
    "EVALUATION_ERROR",
    "FIXED",
    "PROMPT_BANDS",
    "TIERS",
    "TIME_BANDS",
    "Allow",
    "Attributes",
    "Deny",
    "Evaluator",
    "Flip",
    "Reason",
    "SemanticDiff",
    "Verdict",
    "check",
    "evaluate",
    "lint",
    "lint_own",
    "parse_policies",
    "prompt_band",
    "schema",
    "semantic_diff",
    "time_band",
]
