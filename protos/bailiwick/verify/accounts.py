"""Steps 8 and 9: each admission has its number and exactly one settlement; every amount of money is the right one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bailiwick.contract import pricing
from bailiwick.contract.errors import ContractError
from bailiwick.contract.ledger_entry import Admission, Settlement
from bailiwick.contract.release import Config
from bailiwick.verify.findings import Code

if TYPE_CHECKING:
    from collections.abc import Callable

    from bailiwick.contract.ledger_entry import Entry, PotShare
    from bailiwick.verify.findings import Step


class Accounts:
    """Follows the entries in order, with memory for open admissions only.

    Rules:

    1. Admission numbers rise by one from entry to entry, from 1 on; the first of the range follows the last one before
       it, which the bundle shows among its earlier entries.
    2. A settlement ends an open admission, once.
    3. An admission's price is the one of the configuration it names; its amount is the worst case under its bound.
    4. A settlement's cost is one ceiling division over its tokens at the admission's price, and at most the amount
       reserved; an estimated one costs the whole reservation.
    5. Each pot that was reserved on is charged, with the cost, and no other.
    """

    def __init__(self, numbers: Step, money: Step, config: Callable[[str], Config | None]) -> None:
        """`config` gives a configuration by digest, None where the bundle lacks it."""
        self._numbers = numbers
        self._money = money
        self._config = config
        self._open: dict[int, Admission] = {}
        self._earlier: dict[int, Admission] = {}
        self._next = 1
        self._first: int | None = None
        self.settled = 0
        self.totals: dict[str, int] = {}

    @property
    def open(self) -> list[int]:
        """Admissions of the range without a settlement so far."""
        return sorted(self._open)

    def earlier(self, _: int, entry: Entry) -> None:
        """An admission from before the range: it may end in the range, and after the last one numbers go on."""
        if isinstance(entry, Admission):
            self._earlier[entry.number] = entry
            self._next = max(self._next, entry.number + 1)

    def entry(self, index: int, entry: Entry) -> None:
        """The next entry of the range."""
        if isinstance(entry, Admission):
            self._admission(index, entry)
        elif isinstance(entry, Settlement):
            self._settlement(index, entry)

    def _admission(self, index: int, entry: Admission) -> None:
        self._numbers.checked += 1
        if entry.number != self._next:
            code = Code.NUMBER_TWICE if entry.number < self._next else Code.NUMBER_GAP
            self._numbers.find(code, f"admission {entry.number} stands where {self._next} belongs", index)
        self._first = entry.number if self._first is None else self._first
        self._next = entry.number + 1
        self._open[entry.number] = entry
        self._check_price(index, entry)
        if pricing.worst_case(entry.price, entry.bound) != entry.amount:
            self._money.find(Code.BOUND, f"admission {entry.number} reserves another amount than its worst case", index)
        if any(amount != entry.amount for _, amount in entry.pots):
            self._money.find(Code.POT, f"admission {entry.number} reserves unevenly on its pots", index)

    def _check_price(self, index: int, entry: Admission) -> None:
        config = self._config(entry.config)
        if config is None:
            self._money.find(Code.PRICE, f"admission {entry.number} names a configuration that is not here", index)
            return
        book = config.book(entry.currency)
        if book is None or book.prices.get(entry.model) != entry.price:
            self._money.find(Code.PRICE, f"admission {entry.number} has another price than its price book", index)

    def _settlement(self, index: int, entry: Settlement) -> None:
        self._numbers.checked += 1
        admission = self._open.pop(entry.number, None) or self._earlier.pop(entry.number, None)
        if admission is None:
            twice = self._first is not None and self._first <= entry.number < self._next
            code = Code.SETTLED_TWICE if twice else Code.SETTLED_WITHOUT
            self._numbers.find(code, f"settlement of admission {entry.number}, which is not open", index)
            return
        self.settled += 1
        self._money.checked += 1
        self.totals[entry.currency] = self.totals.get(entry.currency, 0) + entry.cost
        self._check_cost(index, admission, entry)

    def _check_cost(self, index: int, admission: Admission, entry: Settlement) -> None:
        name = f"settlement {entry.number}"
        if (entry.model, entry.currency) != (admission.model, admission.currency):
            self._money.find(Code.COST, f"{name} is of another model or currency than its admission", index)
        try:
            cost = admission.amount if entry.how == "estimated" else pricing.cost(admission.price, entry.usage)
        except ContractError as error:
            self._money.find(Code.COST, f"{name}: {error}", index)
            return
        if entry.cost != cost:
            self._money.find(Code.COST, f"{name} costs {entry.cost}, and its tokens cost {cost}", index)
        if entry.cost > admission.amount:
            self._money.find(Code.OVERSHOOT, f"{name} costs more than was reserved", index)
        if _pots(entry.pots) != _pots(admission.pots) or any(amount != entry.cost for _, amount in entry.pots):
            self._money.find(Code.POT, f"{name} does not charge its cost to each pot of its admission", index)


def _pots(shares: tuple[PotShare, ...]) -> set[str]:
    return {pot for pot, _ in shares}
