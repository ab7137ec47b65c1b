"""The `bailiwick` command: finds the verb, imports only that, and hands it the arguments.

Verbs are entry points of the group `bailiwick.commands`, named `noun.verb` (or `verb` alone), whose value is the import
string of a function annotated for Typer. A host that carries only the verifier, or only a region, has just those verbs.
Nothing heavy is imported before the verb is known: `bailiwick --help` answers from the installed metadata alone.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GROUP = "bailiwick.commands"
USAGE = 2

NOUNS: Mapping[str, str] = {
    "up": "Start the centre and the regions of this machine.",
    "down": "Stop them all, in order.",
    "status": "What runs, and in which state.",
    "logs": "Show the log of a process.",
    "demo": "Run the main job on a federation of two regions.",
    "region": "Regions as the centre sees them: invite, approve, revoke.",
    "release": "Releases: build, check, sign, publish, compare.",
    "rollout": "Rollouts: start, watch, approve, pause, abort, roll back.",
    "spend": "Spend by region, team, product, use case, model.",
    "check": "Ask whether something would be permitted, and why.",
    "user": "The people who use the centre.",
    "enrol": "Enrol a region with an invitation.",
    "key": "API keys of a region.",
    "policy": "A region's policy: check, test, compare, explain.",
    "consent": "What the region's officer is asked to consent to.",
    "evidence": "Evidence: request, grant, pull.",
    "ledger": "A region's ledger: check, show, prove, follow.",
    "egress": "What left a region.",
    "engine": "A region's engines.",
    "agent": "A region's agent.",
    "erase": "Erase a person's data in a region.",
    "trust": "Export what a verifier is to trust.",
    "verify": "Verify an evidence bundle, offline.",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line given (default: the process's own) and return its exit code."""
    argv = list(sys.argv[1:] if arguments is None else arguments)
    commands = {point.name: point for point in entry_points(group=GROUP)}
    if not argv or argv[0] in {"--help", "-h", "help"}:
        _print_help(commands)
        return 0
    if argv[0] in {"--version", "-V"}:
        sys.stdout.write(f"bailiwick {version('bailiwick')}\n")
        return 0
    return _dispatch(argv, commands)


def _dispatch(argv: list[str], commands: Mapping[str, EntryPoint]) -> int:
    noun, rest = argv[0], argv[1:]
    if noun in commands and not (rest and f"{noun}.{rest[0]}" in commands):
        return _run(commands[noun], noun, rest)
    verbs = {name.partition(".")[2]: point for name, point in commands.items() if name.startswith(f"{noun}.")}
    if not verbs:
        return _refuse(f"there is no command {noun!r}", "bailiwick --help")
    if not rest or rest[0] in {"--help", "-h"}:
        _print_noun(noun, verbs)
        return 0 if rest else USAGE
    if rest[0] not in verbs:
        return _refuse(
            f"{noun} has no verb {rest[0]!r} (it has: {', '.join(sorted(verbs))})", f"bailiwick {noun} --help"
        )
    return _run(verbs[rest[0]], f"{noun} {rest[0]}", rest[1:])


def _run(point: EntryPoint, words: str, arguments: list[str]) -> int:
    # Typer alone would take half of the time that `bailiwick --help` may take, so it is imported with the verb.
    runner = import_module("bailiwick.cli.runner")
    try:
        function = point.load()
    except ModuleNotFoundError as error:
        message = f"`bailiwick {words}` needs a part that is not installed here: {error.name}"
        return _refuse(message, "pip install 'bailiwick[centre]' or 'bailiwick[region]'")
    code: int = runner.run(function, f"bailiwick {words}", arguments)
    return code


def _print_help(commands: Mapping[str, EntryPoint]) -> None:
    lines = [
        "Usage: bailiwick COMMAND ...",
        "",
        "One centre, one sovereign AI data plane per jurisdiction, and proof.",
        "",
    ]
    grouped: dict[str, list[str]] = {}
    for name in sorted(commands):
        noun, _, verb = name.partition(".")
        grouped.setdefault(noun, []).extend([verb] if verb else [])
    order = {noun: place for place, noun in enumerate(NOUNS)}
    for noun in sorted(grouped, key=lambda word: (order.get(word, len(order)), word)):
        lines.append(f"  {noun:<10} {NOUNS.get(noun, '')}")
        if grouped[noun]:
            lines.append(f"  {'':<10}   {' | '.join(grouped[noun])}")
    lines += [
        "",
        "Every command takes --help; answers come as one JSON document with --json.",
        "Options: --help, --version",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _print_noun(noun: str, verbs: Mapping[str, EntryPoint]) -> None:
    lines = [f"Usage: bailiwick {noun} VERB ...", "", NOUNS.get(noun, ""), ""]
    lines.extend(f"  {verb:<10} {_first_line(verbs[verb])}" for verb in sorted(verbs))
    sys.stdout.write("\n".join(lines) + "\n")


def _first_line(point: EntryPoint) -> str:
    try:
        return (point.load().__doc__ or "").strip().partition("\n")[0]
    except ModuleNotFoundError as error:
        return f"(needs {error.name}, which is not installed here)"


def _refuse(message: str, fix: str) -> int:
    sys.stderr.write(f"error: {message}\n   do: {fix}\n")
    return USAGE


if __name__ == "__main__":
    raise SystemExit(main())
