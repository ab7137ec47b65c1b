"""The registered vocabularies: the only strings that may leave the region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bailiwick.contract.ledger_entry import TAGS
from bailiwick.contract.privacy import ANY, UNKNOWN, Grid

TIERS = ("economy", "premium")


@dataclass(frozen=True)
class Vocabularies:
    """Names of vocabularies and their registered ids.

    `*` stands for "merged upward" and `unknown` for "missing or not registered"; only cells hold them.
    """

    words: Mapping[str, frozenset[str]]
    grid: Grid

    def holds(self, vocabulary: str, word: str) -> bool:
        """Whether `word` is registered in `vocabulary`; an unknown vocabulary holds nothing."""
        return word in self.words.get(vocabulary, frozenset())


def registered(region: str, currency: str, models: Iterable[str], tags: Mapping[str, Iterable[str]]) -> Vocabularies:
    """The vocabularies of one region, from its own settings; `tags` has the ids of each tag."""
    cells = {name: frozenset(tags.get(name, ())) for name in TAGS}
    cells["model"] = frozenset(models)
    cells["tier"] = frozenset(TIERS)
    words = {name: found | {ANY, UNKNOWN} for name, found in cells.items()}
    words["model"] |= {""}  # a machine line about storage is about no model
    return Vocabularies({**words, "region": frozenset({region}), "currency": frozenset({currency})}, Grid(cells))
