"""Errors of the keys on disk.

::

    KeyFileError      a key is missing, unreadable, of another kind, or open to other users
"""


class KeyFileError(Exception):
    """A key file cannot be used; the message names it and says what to do."""
