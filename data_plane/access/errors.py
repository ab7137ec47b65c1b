"""What can be wrong with a request about keys.

::

    AccessError
    ├── UnknownKeyError     no key has this id
    ├── KeyRevokedError     the key was revoked before; a new one is needed
    └── InvalidKeyError     a tag or value is not registered, or the name is too long
"""


class AccessError(Exception):
    """Anything that the key store refuses; the message may be shown."""


class UnknownKeyError(AccessError):
    """No key has this id."""


class KeyRevokedError(AccessError):
    """The key was revoked before."""


class InvalidKeyError(AccessError):
    """The request for a key names what is not registered."""
