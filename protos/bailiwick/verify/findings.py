"""Numbered steps and findings with stable codes: what the verifier says."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Code(StrEnum):
    """Each kind of tampering or fault has its own code; scripts may rely on them."""

    ARCHIVE = "ARCHIVE-FORM"
    FILE_DIGEST = "FILE-DIGEST"
    FILE_MISSING = "FILE-MISSING"
    FILE_EXTRA = "FILE-EXTRA"
    STATEMENT = "STATEMENT-SIGNATURE"
    CHECKPOINT = "CHECKPOINT-SIGNATURE"
    WITNESS = "WITNESS-QUORUM"
    ENTRY_FORM = "ENTRY-FORM"
    ENTRY_COUNT = "ENTRY-COUNT"
    TREE = "TREE-ROOT"
    CONSISTENCY = "CONSISTENCY"
    PREVIOUS = "PREVIOUS-BUNDLE"
    EARLIER = "EARLIER-ENTRY"
    NUMBER_GAP = "ADMISSION-GAP"
    NUMBER_TWICE = "ADMISSION-TWICE"
    SETTLED_TWICE = "SETTLED-TWICE"
    SETTLED_WITHOUT = "SETTLED-WITHOUT-ADMISSION"
    PRICE = "PRICE-MISMATCH"
    COST = "COST-MISMATCH"
    BOUND = "BOUND-MISMATCH"
    OVERSHOOT = "COST-ABOVE-RESERVATION"
    POT = "POT-MISMATCH"
    TUF = "RELEASE-NOT-SIGNED"
    RELEASE = "RELEASE-MISMATCH"
    CONSENT = "CONSENT-MISSING"
    VETOED = "VETOED-RELEASE-APPLIED"
    SEQUENCE = "STATEMENT-SEQUENCE"
    POLICY_FORCE = "POLICY-NOT-IN-FORCE"
    DECISION = "DECISION-MISMATCH"
    REPORT_GAP = "REPORT-GAP"
    REPORT = "REPORT-MISMATCH"
    EGRESS = "EGRESS-MISMATCH"
    COVERAGE = "COVERAGE-MISMATCH"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold: where, and what it means. `index` is a ledger index where there is one."""

    code: Code
    message: str
    index: int | None = None


@dataclass(slots=True)
class Step:
    """One numbered step; `checked` counts what it looked at, `findings` what did not hold."""

    number: int
    title: str
    checked: int = 0
    note: str = ""
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the step holds."""
        return not self.findings

    def find(self, code: Code, message: str, index: int | None = None) -> None:
        """Record a finding."""
        self.findings.append(Finding(code, message, index))
