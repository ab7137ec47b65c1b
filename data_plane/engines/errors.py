"""What can go wrong with an engine.

::

    EngineError
    └── StartError      the command cannot be started at all
"""


class EngineError(Exception):
    """Anything about engines; the message names the model and what to do."""


class StartError(EngineError):
    """The command cannot be started: missing program, no permission."""
