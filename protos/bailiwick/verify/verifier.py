"""All steps in their order, over one archive, without a network, a database or a platform."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from bailiwick.contract import bundle
from bailiwick.contract.errors import ContractError
from bailiwick.contract.ledger_entry import Change, Consent, Veto
from bailiwick.contract.privacy import Grid
from bailiwick.contract.release import Config, PolicySet, hex_of
from bailiwick.contract.release_config import MAX_CONFIG
from bailiwick.contract.release_policy import MAX_POLICY_SET
from bailiwick.verify import archive as archives
from bailiwick.verify import proofs
from bailiwick.verify.accounts import Accounts
from bailiwick.verify.boundary import Boundary
from bailiwick.verify.coverage import Coverage
from bailiwick.verify.decisions import Decisions
from bailiwick.verify.findings import Code, Finding, Step
from bailiwick.verify.releases import Releases, released
from bailiwick.verify.reports import Reports

T = TypeVar("T")

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bailiwick.contract.bundle import BundleManifest, Head
    from bailiwick.contract.ledger_entry import Entry
    from bailiwick.verify.archive import Archive
    from bailiwick.verify.trust import RegionTrust, Trust

TITLES = (
    "The archive holds exactly what its manifest names",
    "The region's evidence key signed the manifest",
    "The ledger's key signed the checkpoint",
    "Witnesses outside the region saw the checkpoint",
    "The entries are the tree's entries of the range",
    "The tree extends the bundle before",
    "Earlier entries stand in the same tree",
    "Admission numbers are gapless, each with exactly one settlement",
    "Money is conserved: prices, costs, reservations, pots",
    "What was in force was released and consented to",
    "Each decision follows from its policy",
    "What left is here, and each report follows from the entries",
    "The coverage statement says what is here",
)

NOT_ESTABLISHED = (
    "that no request was served outside the gateway: look at the region's network and engines for that",
    "that tags were truthful, or that an application did not invent or merge persons",
    "what prompts and answers said: they are not recorded",
    "that clocks were right, beyond what the witnesses' times bound",
    "the correctness of a shared definition: policies, prices and reports are judged by the contract's own code",
)


@dataclass(frozen=True)
class Result:
    """What a verification found. `manifest` is None where even that could not be read."""

    manifest: BundleManifest | None
    steps: tuple[Step, ...]
    totals: dict[str, int] = field(default_factory=dict)
    settled: int = 0
    open: tuple[int, ...] = ()
    held_back: int = 0

    @property
    def ok(self) -> bool:
        """Whether every step holds."""
        return all(step.ok for step in self.steps)

    @property
    def findings(self) -> list[Finding]:
        """All findings, in the order of the steps."""
        return [finding for step in self.steps for finding in step.findings]


def verify(
    path: Path, trust: Trust, known: Head | None = None, progress: Callable[[int], None] | None = None
) -> Result:
    """Verify a bundle.

    `known` is the head of the bundle before, where the auditor has it; `progress` hears of each entry.

    Raises:
        ArchiveError: the file is no archive.
        TrustError: the trust file knows nothing of the bundle's region.
    """
    steps = [Step(number, title) for number, title in enumerate(TITLES, 1)]
    with path.open("rb") as file:
        archive = archives.open_archive(path, file)
        manifest = archives.check(archive, steps[0])
        missing = manifest is None or any(f.code is Code.FILE_MISSING for f in steps[0].findings)
        if manifest is None or missing:
            return Result(manifest, (steps[0],))
        return _Verification(archive, manifest, trust, steps).run(known, progress)


class _Verification:
    """One pass over the entries that feeds every check."""

    def __init__(self, archive: Archive, manifest: BundleManifest, trust: Trust, steps: list[Step]) -> None:
        self._archive = archive
        self._manifest = manifest
        self._trust = trust
        self._region: RegionTrust = trust.region(manifest.region)
        self._steps = steps
        self._names = set(archive.names)
        self._configs: dict[str, Config | None] = {}

    def run(self, known: Head | None, progress: Callable[[int], None] | None) -> Result:
        """Steps 2 to 13."""
        archive, manifest, steps = self._archive, self._manifest, self._steps
        proofs.check_statement(archive, manifest, self._region, steps[1])
        proofs.check_checkpoint(archive, manifest, self._region, steps[2])
        proofs.check_witnesses(archive, self._trust, steps[3])
        accounts = Accounts(steps[7], steps[8], self._config)
        listed = released(archive, self._trust, steps[9])
        releases = Releases(archive, manifest.region, self._region, listed, steps[9])
        boundary = self._boundary()
        decisions = Decisions(steps[10], self._policy_set, boundary.own)
        reports = Reports(archive, manifest.region, boundary.grid, steps[11])
        coverage = Coverage()

        def earlier(index: int, entry: Entry) -> None:
            accounts.earlier(index, entry)
            reports.earlier(index, entry)
            if isinstance(entry, Change | Consent | Veto):
                releases.entry(index, entry)

        def current(index: int, entry: Entry) -> None:
            for check in (accounts.entry, releases.entry, decisions.entry, reports.entry, coverage.entry):
                check(index, entry)
            if progress is not None:
                progress(index)

        # What lies before is heard first: the entries of the range refer to it.
        proofs.check_earlier(archive, manifest, earlier, steps[6])
        proofs.check_entries(archive, manifest, current, steps[4])
        proofs.check_consistency(archive, manifest, known, steps[5])
        coverage.check(archive.read(bundle.COVERAGE), manifest, accounts, steps[12])
        return Result(
            manifest, tuple(steps), accounts.totals, accounts.settled, tuple(accounts.open), reports.held_back
        )

    def _boundary(self) -> Boundary:
        try:
            return Boundary.decode(self._archive.read(bundle.BOUNDARY))
        except ContractError as error:
            self._steps[11].find(Code.REPORT, f"{bundle.BOUNDARY}: {error}")
            return Boundary(Grid(), ())

    def _blob(self, digest: str, limit: int) -> bytes | None:
        name = f"blobs/{hex_of(digest)}"
        if name not in self._names or self._archive.digest(name) != digest:
            return None
        return self._archive.read(name, limit)

    def _config(self, digest: str) -> Config | None:
        if digest not in self._configs:
            body = self._blob(digest, MAX_CONFIG)
            self._configs[digest] = None if body is None else self._parsed(Config.decode, body, digest)
        return self._configs[digest]

    def _policy_set(self, digest: str) -> PolicySet | None:
        body = self._blob(digest, MAX_POLICY_SET)
        return None if body is None else self._parsed(PolicySet.decode, body, digest)

    def _parsed(self, read: Callable[[bytes], T], body: bytes, digest: str) -> T | None:
        try:
            return read(body)
        except ContractError as error:
            self._steps[9].find(Code.RELEASE, f"{digest}: {error}")
            return None
