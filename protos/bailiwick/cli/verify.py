"""`bailiwick verify`: check an evidence bundle with no network, no database and no platform."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any

import typer

from bailiwick.cli.options import JsonOption
from bailiwick.cli.output import Exit, Output, fail
from bailiwick.contract import bundle
from bailiwick.contract.bundle import BundleManifest, Head
from bailiwick.contract.errors import ContractError
from bailiwick.verify import archive as archives
from bailiwick.verify import trust as trusts
from bailiwick.verify.errors import VerifyError
from bailiwick.verify.verifier import NOT_ESTABLISHED, Result
from bailiwick.verify.verifier import verify as run

MOST_SHOWN = 20


def verify(
    file: Annotated[Path, typer.Argument(help="The bundle: a .tar, opened with the auditor's identity.")],
    trust: Annotated[Path, typer.Option("--trust", "-t", help="What you rely on: see `bailiwick trust export`.")],
    previous: Annotated[
        Path | None, typer.Option("--previous", help="The bundle before this one, to check that this one extends it.")
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Verify an evidence bundle: each step, each finding with its code, and what a pass does not establish."""
    output = Output(json_)
    try:
        relied = trusts.load(_read(trust, "trust file"))
        known = None if previous is None else _head(previous)
        if not file.is_file():
            fail(f"there is no bundle at {file}", "give the .tar that `evidence pull` wrote", Exit.USAGE)
        with output.progress("verifying") as progress:
            result = run(file, relied, known, lambda _: progress.advance(progress.task_ids[0]))
    except VerifyError as error:
        fail(str(error), "see docs/verification.md", Exit.USAGE)
    fingerprints = relied.fingerprints(result.manifest.region) if result.manifest else {}
    if json_:
        output.document(_document(file, trust, result, fingerprints))
    else:
        _show(output, file, result, fingerprints)
    if not result.ok:
        raise SystemExit(Exit.NOT_SO)


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        fail(f"the {what} {path} cannot be read: {error.strerror}", "check the path", Exit.USAGE)


def _head(path: Path) -> Head:
    try:
        with path.open("rb") as file:
            return BundleManifest.decode(archives.open_archive(path, file).read(bundle.MANIFEST)).head
    except (OSError, ContractError) as error:
        fail(f"{path} is not the bundle before: {error}", "give the .tar of the earlier bundle", Exit.USAGE)


def _document(file: Path, trust: Path, result: Result, fingerprints: dict[str, str]) -> dict[str, Any]:
    manifest = result.manifest
    covers = None
    if manifest is not None:
        covers = {
            "region": manifest.region,
            "jurisdiction": manifest.jurisdiction,
            "first": manifest.first,
            "next": manifest.next,
            "tree_size": manifest.head.size,
            "root": manifest.head.root.hex(),
        }
    return {
        "ok": result.ok,
        "bundle": str(file),
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "trust": str(trust),
        "covers": covers,
        "steps": [
            {"number": s.number, "title": s.title, "ok": s.ok, "checked": s.checked, "note": s.note}
            for s in result.steps
        ],
        "findings": [
            {"code": f.code.value, "step": s.number, "index": f.index, "message": f.message}
            for s in result.steps
            for f in s.findings
        ],
        "settled": result.settled,
        "cost_micro": result.totals,
        "open_admissions": list(result.open),
        "held_back": result.held_back,
        "fingerprints": fingerprints,
        "not_established": list(NOT_ESTABLISHED),
    }


def _show(output: Output, file: Path, result: Result, fingerprints: dict[str, str]) -> None:
    manifest = result.manifest
    output.say(f"[bold]{file}[/]")
    if manifest is not None:
        output.say(
            f"region {manifest.region} ({manifest.jurisdiction}), ledger indices {manifest.first:,} to "
            f"{manifest.next:,} in a tree of {manifest.head.size:,}"
        )
    output.say("")
    for step in result.steps:
        mark = "[green]holds[/]" if step.ok else "[bold red]FAILS[/]"
        note = f"  [dim]{step.note}[/]" if step.note else ""
        output.say(f"{step.number:>3}  {mark}  {step.title}  [dim]{step.checked:,} checked[/]{note}")
        for finding in step.findings[:MOST_SHOWN]:
            where = f" at index {finding.index:,}" if finding.index is not None else ""
            output.say(f"            [red]{finding.code.value}[/]{where}: {finding.message}")
        if len(step.findings) > MOST_SHOWN:
            output.say(f"            and {len(step.findings) - MOST_SHOWN} more; --json lists all")
    output.say("")
    if result.ok:
        _totals(output, result)
        output.say("[bold green]The bundle verifies.[/] It does not establish:")
        for line in NOT_ESTABLISHED:
            output.say(f"  - {line}")
    else:
        output.say(f"[bold red]The bundle does not verify: {len(result.findings)} findings.[/]")
    output.say("\nRelied on (compare by another channel):")
    output.fields(fingerprints)


def _totals(output: Output, result: Result) -> None:
    for currency, cost in sorted(result.totals.items()):
        output.say(f"{result.settled:,} settled requests, {cost // 1_000_000:,}.{cost % 1_000_000:06d} {currency}")
    if result.held_back:
        output.say(f"{result.held_back:,} entries are held back from reports so far, under the floor")
