"""What the documentation tells people to type exists: every command, every option, every target of make."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import pytest
import typer

ROOT = Path(__file__).parents[3]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
SHELL = frozenset({"", "sh", "shell", "bash", "console"})
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:bailiwick|make) [^`\n]+)`")
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
ANYONE = frozenset({"--help", "--version"})


@cache
def verbs() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group="bailiwick.commands")}


@cache
def parameters(name: str) -> tuple[Any, ...]:
    app = typer.Typer(add_completion=False)
    app.command()(verbs()[name].load())
    return tuple(typer.main.get_command(app).params)


def fenced() -> Iterator[tuple[str, str]]:
    """(page, line) of each shell line in a fenced block."""
    for page in PAGES:
        for language, block in FENCE.findall(page.read_text(encoding="utf-8")):
            if language in SHELL:
                lines = block.replace("\\\n", " ").splitlines()
                yield from ((page.relative_to(ROOT).as_posix(), line.strip()) for line in lines if line.strip())


def inline() -> Iterator[tuple[str, str]]:
    """(page, command) of each command named in a sentence."""
    for page in PAGES:
        prose = FENCE.sub("", page.read_text(encoding="utf-8"))
        yield from ((page.relative_to(ROOT).as_posix(), line) for line in INLINE.findall(prose))


def commands(lines: Iterator[tuple[str, str]], program: str) -> list[tuple[str, list[str]]]:
    found = [(page, shlex.split(line, comments=True)) for page, line in lines if line.startswith(f"{program} ")]
    return [(page, words[1:]) for page, words in found]


def verb_of(words: list[str]) -> tuple[str, list[str]]:
    """(the verb's entry point, its arguments)."""
    both = ".".join(words[:2])
    return (both, words[2:]) if both in verbs() else (words[0], words[1:])


def complaints(words: list[str], *, whole: bool) -> list[str]:
    """What is wrong with a command line; a `whole` one has also all that it needs."""
    if words[0] in ANYONE:
        return []
    name, arguments = verb_of(words)
    if name not in verbs():
        nouns = {known.partition(".")[0] for known in verbs()}
        return [] if words[0] in nouns and len(words) == 1 else [f"there is no command {' '.join(words[:2])}"]
    known = parameters(name)
    options = {spelling: one for one in known if one.param_type_name == "option" for spelling in one.opts}
    given, places, rest = set[str](), 0, list(arguments)
    wrong = []
    while rest:
        word, _, value = rest.pop(0).partition("=")
        if not word.startswith("-") or word == "-":
            places += 1
        elif word in options:
            given.add(options[word].name or "")
            if not options[word].is_flag and not value and rest:
                rest.pop(0)
        elif word not in ANYONE:
            wrong.append(f"{name} has no option {word}")
    slots = [one for one in known if one.param_type_name == "argument"]
    if places > len(slots) and all(one.nargs != -1 for one in slots):
        wrong.append(f"{name} takes {len(slots)} arguments, not {places}")
    if whole and "--help" not in arguments:
        wrong += [
            f"{name} needs {one.opts[0]}" for one in set(options.values()) if one.required and one.name not in given
        ]
        wrong += [f"{name} needs {one.name}" for one in slots[places:] if one.required]
    return wrong


def test_the_commands_in_blocks_can_be_typed_as_they_stand() -> None:
    lines = commands(fenced(), "bailiwick")
    assert len(lines) > 15
    wrong = {f"{page}: bailiwick {shlex.join(words)}": complaints(words, whole=True) for page, words in lines}
    assert {line: said for line, said in wrong.items() if said} == {}


def test_the_commands_in_sentences_exist() -> None:
    wrong = {
        f"{page}: {shlex.join(words)}": complaints(words, whole=False)
        for page, words in commands(inline(), "bailiwick")
    }
    assert {line: said for line, said in wrong.items() if said} == {}


def test_the_targets_of_make_exist() -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    lines = commands(fenced(), "make") + commands(inline(), "make")
    assert lines
    assert {f"{page}: make {words[0]}" for page, words in lines if words[0] not in targets} == set()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("rollout list", "there is no command rollout list"),
        ("region invite eu-de --jurisdiction EU", "region.invite takes 0 arguments, not 1"),
        ("region approve --as jonas", "region.approve needs --region"),
        ("spend --colour blue", "spend has no option --colour"),
        ("rollout approve", "rollout.approve needs rollout"),
    ],
)
def test_wrong_lines_are_found(line: str, said: str) -> None:
    assert said in complaints(line.split(), whole=True)
