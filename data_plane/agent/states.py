"""One word for how the region stands to the centre, from the facts. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bailiwick.agent.v1 import agent_pb2
from data_plane.releases.store_link import LinkState

WIRE = {
    LinkState.CONNECTED: agent_pb2.REGION_STATE_CONNECTED,
    LinkState.STALE: agent_pb2.REGION_STATE_STALE,
    LinkState.EXPIRED: agent_pb2.REGION_STATE_EXPIRED,
    LinkState.AWAITING_CONSENT: agent_pb2.REGION_STATE_AWAITING_CONSENT,
    LinkState.VETOED: agent_pb2.REGION_STATE_VETOED,
    LinkState.CONFLICT_PAUSED: agent_pb2.REGION_STATE_CONFLICT_PAUSED,
}


@dataclass(frozen=True)
class Facts:
    """What decides the state.

    `contacted`: a session has been open since this process started. `wish` is the state of the release that the centre
    wants now, where an officer's word decides it: `awaiting-consent`, `vetoed` or none.
    """

    connected: bool
    contacted: bool
    running: bool
    certificate_expired: bool
    metadata_expired: bool
    conflict: str | None
    wish: str | None


def judge(facts: Facts) -> tuple[LinkState, str | None]:
    """The state and a fixed word that says why, in order of what an officer must know first.

    1. A conflict pauses reports whatever else is so. 2. An expired certificate keeps the link down. 3. Without a link,
    a release that runs from the record alone is stale. 4. Expired metadata on a live link is stale: it may be a freeze.
    5. Then what the officers' word decides.
    """
    if facts.conflict is not None:
        return LinkState.CONFLICT_PAUSED, facts.conflict
    if not facts.connected:
        if facts.certificate_expired:
            return LinkState.EXPIRED, "certificate-expired"
        if facts.running and not facts.contacted:
            return LinkState.STALE, "no-contact-since-start"
        return LinkState.DISCONNECTED, None
    if facts.metadata_expired:
        return LinkState.STALE, "metadata-expired"
    if facts.wish == LinkState.AWAITING_CONSENT:
        return LinkState.AWAITING_CONSENT, None
    if facts.wish == LinkState.VETOED:
        return LinkState.VETOED, None
    return LinkState.CONNECTED, None
