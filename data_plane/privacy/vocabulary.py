"""The registered vocabularies: the only strings that may leave the region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MERGED = "*"
TIERS = ("economy", "premium")
TAGS = ("cost_centre", "team", "project", "product", "use_case", "environment")


@dataclass(frozen=True)
class Vocabularies:
    """Names of vocabularies and their registered ids.

    `*` stands for "merged upward" and is no id; only the dimensions of a cell may hold it.
    """

    words: Mapping[str, frozenset[str]]

    def holds(self, vocabulary: str, word: str) -> bool:
        """Whether `word` is registered in `vocabulary`; an unknown vocabulary holds nothing."""
        return word in self.words.get(vocabulary, frozenset())

    def with_models(self, models: Iterable[str]) -> Vocabularies:
        """The same vocabularies with more models registered."""
        known = self.words.get("model", frozenset())
        return Vocabularies({**self.words, "model": known | frozenset(models)})


def registered(region: str, currency: str, models: Iterable[str], tags: Mapping[str, Iterable[str]]) -> Vocabularies:
    """The vocabularies of one region, from its own settings; `tags` has the ids of each of `TAGS`."""
    words = {name: frozenset(tags.get(name, ())) | {MERGED} for name in TAGS}
    words["region"] = frozenset({region})
    words["currency"] = frozenset({currency, ""})
    words["model"] = frozenset({*models, MERGED, ""})
    words["tier"] = frozenset({*TIERS, MERGED})
    return Vocabularies(words)
