"""Types `bailiwick` commands: the same command host, the same arguments, without a process for each."""

from __future__ import annotations

import contextlib
import io
import json
from typing import TYPE_CHECKING, Any

from bailiwick.cli import host
from bailiwick_local.demo.stage import DemoError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bailiwick_local.demo.stage import Stage

LONG = 60
MOST = 2000
SECRETS = ("bwe_", "bwi_", "bw_", "age1")
Document = dict[str, Any]


class Shell:
    """Runs commands with `--json` and shows them as typed."""

    def __init__(self, stage: Stage) -> None:
        """`stage`: where the commands are shown."""
        self._stage = stage

    def run(self, *words: str) -> Document:
        """Run a command that must succeed, show it, and return its document.

        Raises:
            DemoError: it failed; the message is what it said.
        """
        self._stage.command(["bailiwick", *(_short(word) for word in words)])
        return self.ask(*words)

    def ask(self, *words: str) -> Document:
        """Run a command that must succeed without showing it."""
        code, document, said = self._call(words)
        if code != 0:
            line = " ".join(_short(word) for word in words)
            raise DemoError(f"`bailiwick {line}` ended with {code}: {said or json.dumps(document)[:MOST]}")
        return document

    def refused(self, *words: str) -> tuple[int, Document, str]:
        """Run a command that is expected to be refused; returns exit code, document and what it said."""
        self._stage.command(["bailiwick", *(_short(word) for word in words)])
        return self._call(words)

    def try_(self, *words: str) -> Document | None:
        """What a command answers, or nothing when it fails."""
        code, document, _ = self._call(words)
        return document if code == 0 else None

    def _call(self, words: Sequence[str]) -> tuple[int, Document, str]:
        answer, said = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(answer), contextlib.redirect_stderr(said):
            try:
                code = host.main([*words, "--json"])
            except SystemExit as left:
                code = left.code if isinstance(left.code, int) else 1
        text = answer.getvalue().strip()
        try:
            document = json.loads(text) if text else {}
        except ValueError:
            document = {"text": text}
        return code, document if isinstance(document, dict) else {"items": document}, said.getvalue().strip()


def _short(word: str) -> str:
    secret = word.startswith(SECRETS)
    return f"{word[:12]}..." if secret or (len(word) > LONG and "/" not in word) else word
