"""A request's attributes for policy: closed words only, so that a decision can be remembered and recomputed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bailiwick.contract.decision import Attributes, prompt_band, time_band


class AttributeBuilder:
    """Knows the region and its clock; the time band is worked out once a minute."""

    def __init__(self, region: str, jurisdiction: str, zone: ZoneInfo) -> None:
        self._region = region
        self._jurisdiction = jurisdiction
        self._zone = zone
        self._minute = -1
        self._band = ""

    def build(
        self,
        action: str,
        tags: Mapping[str, str],
        tier: str,
        model: str,
        prompt_tokens: int,
        now: float,
        *,
        exhausted: bool,
    ) -> Attributes:
        """The attributes of a request at `now` (seconds since 1970); `prompt_tokens` is its upper bound."""
        return Attributes(
            action,
            self._region,
            self._jurisdiction,
            tags["cost_centre"],
            tags["team"],
            tags["project"],
            tags["product"],
            tags["use_case"],
            tags["environment"],
            tier,
            model,
            self._time_band(now),
            prompt_band(prompt_tokens),
            "true" if exhausted else "false",
        )

    def _time_band(self, now: float) -> str:
        minute = int(now // 60)
        if minute != self._minute:
            local = datetime.fromtimestamp(now, UTC).astimezone(self._zone)
            self._band = time_band(local.hour, local.weekday())
            self._minute = minute
        return self._band
