"""Step 13: the coverage statement's counts and totals are those of the entries."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bailiwick.contract import canonical, fields
from bailiwick.contract.errors import ContractError
from bailiwick.verify.findings import Code

if TYPE_CHECKING:
    from bailiwick.contract.bundle import BundleManifest
    from bailiwick.contract.ledger_entry import Entry
    from bailiwick.verify.accounts import Accounts
    from bailiwick.verify.findings import Step

_FIELDS = ("v", "first", "next", "entries", "kinds", "cost_micro", "open", "not_established")


class Coverage:
    """Counts entries by kind."""

    def __init__(self) -> None:
        self._kinds: Counter[str] = Counter()

    def entry(self, _: int, entry: Entry) -> None:
        """The next entry of the range."""
        self._kinds[entry.kind] += 1

    def check(self, statement: bytes, manifest: BundleManifest, accounts: Accounts, step: Step) -> None:
        """Compare with what `coverage.json` states."""
        try:
            stated = fields.members(canonical.loads(statement, 16 << 20), _FIELDS)
        except ContractError as error:
            step.find(Code.COVERAGE, str(error))
            return
        counted = {
            "first": manifest.first,
            "next": manifest.next,
            "entries": self._kinds.total(),
            "kinds": dict(self._kinds),
            "cost_micro": accounts.totals,
            "open": accounts.open,
        }
        step.checked = len(counted)
        for name, value in counted.items():
            if stated[name] != value:
                step.find(Code.COVERAGE, f"coverage.json states other {name.replace('_', ' ')} than the entries have")
        if accounts.open:
            step.note = f"{len(accounts.open)} admissions are still open at the end"
