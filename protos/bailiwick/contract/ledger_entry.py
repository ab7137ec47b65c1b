"""Entries of the region's ledger: one frozen dataclass per kind, each with one canonical form (RFC 8785).

Every document has ``v`` (1), ``kind`` and ``at``. Personal and secret values stand in entries as salted commitments
only. `decode` refuses unknown members, values out of range and any form but the canonical one.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeAlias

from bailiwick.contract import canonical, fields
from bailiwick.contract.entry_document import (
    CHANGES,
    EGRESS_CLASSES,
    FINISHES,
    HOW,
    KEY_ACTIONS,
    MAX_ENTRY,
    REASONS,
    TAGS,
    TIERS,
    VERSION,
    WINDOWS,
    Body,
    ChangeAction,
    EgressClass,
    Finish,
    How,
    KeyAction,
    PotShare,
    Reason,
    commit,
)
from bailiwick.contract.entry_governance import (
    Budget,
    Change,
    Consent,
    Correction,
    Egress,
    Erasure,
    Grant,
    Key,
    Pad,
    Veto,
)
from bailiwick.contract.entry_usage import Admission, Decision, Settlement
from bailiwick.contract.errors import MalformedError

__all__ = [
    "CHANGES",
    "EGRESS_CLASSES",
    "FINISHES",
    "HOW",
    "KEY_ACTIONS",
    "KINDS",
    "MAX_ENTRY",
    "REASONS",
    "TAGS",
    "TIERS",
    "VERSION",
    "WINDOWS",
    "Admission",
    "Budget",
    "Change",
    "ChangeAction",
    "Consent",
    "Correction",
    "Decision",
    "Egress",
    "EgressClass",
    "Entry",
    "Erasure",
    "Finish",
    "Grant",
    "How",
    "Key",
    "KeyAction",
    "Pad",
    "PotShare",
    "Reason",
    "Settlement",
    "Veto",
    "commit",
    "decode",
]

Entry: TypeAlias = (
    Admission
    | Settlement
    | Decision
    | Change
    | Consent
    | Veto
    | Egress
    | Key
    | Budget
    | Grant
    | Erasure
    | Correction
    | Pad
)

_ADMISSION = "number request key policy config attributes policies model price currency bound amount pots"
_SETTLEMENT = "number person service day tags tier model usage cost currency how finish first_ms total_ms pots"
_DECISION = "request key reason person service day tags tier model currency attributes policies policy config"

_READERS: Final[Mapping[str, tuple[frozenset[str], Callable[[datetime, Body], Entry]]]] = MappingProxyType(
    {
        kind: (frozenset({"v", "kind", "at", *names.split()}), read)
        for kind, names, read in (
            ("admission", _ADMISSION, Admission.read),
            ("settlement", _SETTLEMENT, Settlement.read),
            ("decision", _DECISION, Decision.read),
            ("change", "release version generation action previous code config policy models", Change.read),
            ("consent", "envelope manifest sequence", Consent.read),
            ("veto", "envelope manifest sequence", Veto.read),
            ("egress", "class type count bytes digest period_start period_end sequence", Egress.read),
            ("key", "action key team service", Key.read),
            ("budget", "pot limit window action", Budget.read),
            ("grant", "request recipient first next expires", Grant.read),
            ("erasure", "commits", Erasure.read),
            ("correction", "index reason", Correction.read),
            ("pad", "", Pad.read),
        )
    }
)

KINDS: Final = tuple(_READERS)


def decode(data: bytes) -> Entry:
    """Read an entry in its canonical form; raises MalformedError for anything else."""
    value = canonical.loads(data, MAX_ENTRY)
    if not isinstance(value, dict) or type(value.get("v")) is not int or value["v"] != VERSION:
        raise MalformedError("not a ledger entry of version 1")
    kind = value.get("kind")
    if type(kind) is not str or kind not in _READERS:
        raise MalformedError("an entry of unknown kind")
    names, read = _READERS[kind]
    body = fields.members(value, names)
    return read(fields.moment(body["at"]), body)
