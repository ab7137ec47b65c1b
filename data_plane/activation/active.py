"""The release in force, as one immutable object: policies, prices, models and known decisions change together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from bailiwick.contract.release import Config, Model, PolicySet
from bailiwick.contract.release_config import PriceBook

Decider = TypeVar("Decider")


@dataclass(frozen=True, slots=True)
class Digests:
    """What `active_release` names."""

    manifest: str
    version: int
    config: str
    policy: str


@dataclass(frozen=True, slots=True)
class ActiveRelease(Generic[Decider]):
    """A release that this worker serves. A request that began on it ends on it."""

    digests: Digests
    config: Config
    policy: PolicySet
    prices: PriceBook
    decider: Decider

    @property
    def models(self) -> tuple[Model, ...]:
        """The models on offer."""
        return self.config.models


BuildDecider = Callable[[PolicySet], Decider]
