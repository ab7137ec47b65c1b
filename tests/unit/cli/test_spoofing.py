"""What the other side of the border wrote cannot pass for a line of ours in an officer's terminal."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bailiwick.cli.output import Output
from bailiwick.contract.errors import ContractError
from bailiwick.contract.release import Manifest, digest

DIGEST = digest(b"x")
SPOOFED = "routine\nfallback  none\n\nNo decision of policy would flip."


def test_a_text_of_several_lines_stays_within_its_field(capsys: pytest.CaptureFixture[str]) -> None:
    Output().fields({"notes": SPOOFED, "fallback": DIGEST})
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("fallback")] == [f"fallback  {DIGEST}"]
    assert not [line for line in lines if line.startswith("No decision")]


@pytest.mark.parametrize("text", ["\x1b[2K\x1b[1A", "\x9b2J", "\u202eevil", "a\rb", "[red]x[/]"])
def test_a_terminal_takes_no_orders_from_a_text(capsys: pytest.CaptureFixture[str], text: str) -> None:
    output = Output()
    output.fields({"notes": text})
    output.table(("NOTES",), [(text,)])
    shown = capsys.readouterr().out
    assert not set("\x1b\x9b\u202e\r") & set(shown)
    assert text != "[red]x[/]" or shown.count(text) == 2


@pytest.mark.parametrize("text", ["\x1b[2K", "\x7f", "\x9b2J", "\u202eevil", "\u2066", "\u2028", "a\rb"])
def test_a_release_with_such_notes_is_none(text: str) -> None:
    good = Manifest(1, ("eu-de",), datetime.now(UTC), DIGEST, DIGEST, notes="Erhöht die Preise.\nसूचना: नियम\u200d")
    assert Manifest.decode(good.encode()) == good
    bad = good.encode().replace("Erhöht".encode(), text.encode().replace(b"\r", b"\\r").replace(b"\x1b", b"\\u001b"))
    with pytest.raises(ContractError):
        Manifest.decode(bad)
