"""Steps 2 to 7: who signed, who witnessed, and that the entries are the tree's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bailiwick.contract import bundle, dsse, ledger_entry, merkle, merkle_range
from bailiwick.contract.checkpoint import open_checkpoint
from bailiwick.contract.cosignature import verify_cosignatures
from bailiwick.contract.errors import ContractError, MalformedError
from bailiwick.contract.keys import key_id
from bailiwick.verify.findings import Code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bailiwick.contract.bundle import BundleManifest, Head
    from bailiwick.contract.ledger_entry import Entry
    from bailiwick.verify.archive import Archive
    from bailiwick.verify.findings import Step
    from bailiwick.verify.trust import RegionTrust, Trust


def check_statement(archive: Archive, manifest: BundleManifest, trust: RegionTrust, step: Step) -> None:
    """Step 2: the region's evidence key signed this manifest."""
    raw = archive.read(bundle.MANIFEST)
    try:
        keys = {key_id(trust.evidence): trust.evidence}
        payload = dsse.verify(archive.read(bundle.STATEMENT), bundle.PAYLOAD_TYPE, keys, 1)
    except ContractError as error:
        step.find(Code.STATEMENT, str(error))
        return
    step.checked = 1
    if payload != bundle.statement(raw, archive.digest(bundle.MANIFEST)):
        step.find(Code.STATEMENT, "the signed statement is about another manifest")
    if manifest.jurisdiction != trust.jurisdiction:
        step.find(
            Code.STATEMENT, f"the bundle says jurisdiction {manifest.jurisdiction}, trusted is {trust.jurisdiction}"
        )


def check_checkpoint(archive: Archive, manifest: BundleManifest, trust: RegionTrust, step: Step) -> None:
    """Step 3: the ledger's key signed a checkpoint of exactly the tree that the manifest names."""
    try:
        checkpoint = open_checkpoint(archive.read(bundle.CHECKPOINT), trust.ledger)
    except ContractError as error:
        step.find(Code.CHECKPOINT, str(error))
        return
    step.checked = 1
    named = (manifest.origin, manifest.head.size, manifest.head.root)
    if (checkpoint.origin, checkpoint.size, checkpoint.root) != named:
        step.find(Code.CHECKPOINT, "the checkpoint is of another tree than the manifest names")


def check_witnesses(archive: Archive, trust: Trust, step: Step) -> None:
    """Step 4: a quorum of witnesses outside the region saw this checkpoint."""
    try:
        seen = verify_cosignatures(archive.read(bundle.CHECKPOINT), trust.witnesses, trust.quorum)
    except ContractError as error:
        step.find(Code.WITNESS, str(error))
        return
    step.checked = len(seen)
    step.note = f"{len(seen)} cosigned, {trust.quorum} needed"


def check_entries(
    archive: Archive, manifest: BundleManifest, observe: Callable[[int, Entry], None], step: Step
) -> None:
    """Step 5: every entry is canonical, and together they are the tree's entries of the range."""
    seen = 0

    def leaves() -> Iterator[bytes]:
        nonlocal seen
        for line in archive.lines(bundle.ENTRIES):
            index = manifest.first + seen
            seen += 1
            try:
                observe(index, ledger_entry.decode(line))
            except MalformedError as error:
                step.find(Code.ENTRY_FORM, str(error), index)
            yield merkle.leaf_hash(line)

    stream = leaves()
    try:
        proof = bundle.decode_proof(archive.read(bundle.RANGE))
        merkle_range.verify_range(manifest.first, manifest.next, manifest.head.size, stream, proof, manifest.head.root)
    except ContractError as error:
        step.find(Code.TREE, str(error))
    for _ in stream:  # what the proof did not take is still looked at
        pass
    step.checked = seen
    if seen != manifest.next - manifest.first:
        step.find(Code.ENTRY_COUNT, f"{seen} entries, and the range has {manifest.next - manifest.first}")


def check_consistency(archive: Archive, manifest: BundleManifest, known: Head | None, step: Step) -> None:
    """Step 6: the tree extends the one of the bundle before; `known` is that one's head, where the auditor holds it."""
    if known is not None and manifest.previous != known:
        step.find(Code.PREVIOUS, "the bundle follows another one than the one given with --previous")
    start = manifest.previous
    if start is None:
        step.note = "the region's first bundle"
        return
    try:
        proof = bundle.decode_proof(archive.read(bundle.CONSISTENCY))
        merkle.verify_consistency(start.size, manifest.head.size, proof, start.root, manifest.head.root)
    except ContractError as error:
        step.find(Code.CONSISTENCY, str(error))
    step.checked = 1
    step.note = f"extends the tree of {start.size} entries" + ("" if known else "; give --previous to check which")


def check_earlier(
    archive: Archive, manifest: BundleManifest, observe: Callable[[int, Entry], None], step: Step
) -> None:
    """Step 7: entries from before the range that it refers to stand in the same tree."""
    last = -1
    for line in archive.lines(bundle.EARLIER):
        step.checked += 1
        try:
            earlier = bundle.EarlierEntry.decode(line)
            if not last < earlier.index < manifest.first:
                step.find(Code.EARLIER, "an earlier entry is out of order or not earlier", earlier.index)
                continue
            last = earlier.index
            leaf = merkle.leaf_hash(earlier.entry)
            merkle.verify_inclusion(leaf, earlier.index, manifest.head.size, earlier.proof, manifest.head.root)
            observe(earlier.index, ledger_entry.decode(earlier.entry))
        except ContractError as error:
            step.find(Code.EARLIER, str(error))
