"""The contract's one error tree.

::

    ContractError
    ├── MalformedError      bytes or text that are not exactly what the format allows
    ├── SignatureError      a signature, quorum or key that does not hold
    ├── ProofError          a Merkle proof that does not lead to the stated root
    ├── PolicyError         a policy set that cannot be used, or may not be used here
    └── ReleaseError        a manifest, price book or configuration that contradicts itself
        └── BoundaryError   a release that names what belongs to the region alone
"""


class ContractError(Exception):
    """Anything that the contract refuses; its text names formats and fields, never personal values."""


class MalformedError(ContractError):
    """The input is not one that its format allows."""


class SignatureError(ContractError):
    """A signature does not verify, or too few of the trusted keys signed."""


class ProofError(ContractError):
    """A Merkle proof does not lead to the stated root."""


class PolicyError(ContractError):
    """A policy set does not parse, does not validate, or holds what may not stand in it."""


class ReleaseError(ContractError):
    """A part of a release is well formed and contradicts itself."""


class BoundaryError(ReleaseError):
    """A release reaches for a boundary setting: engine addresses, outbound hosts, schedules, floors, keys."""
