"""Each kind of tampering has its own code; a record as it should be verifies."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bailiwick.contract import bundle
from bailiwick.contract.bundle import BundleManifest, Head
from bailiwick.contract.ledger_entry import Admission, Change, Consent, Decision, Egress, Settlement
from bailiwick.contract.pricing import Price
from bailiwick.verify import trust as trusts
from bailiwick.verify.errors import ArchiveError, TrustError
from bailiwick.verify.findings import Code
from bailiwick.verify.verifier import Result, verify
from tests.fakes.region_record import RegionRecord, bent, usual


def run(record: RegionRecord, path: Path, known: Head | None = None) -> Result:
    return verify(path, trusts.load(record.trust()), known)


def codes(result: Result) -> set[Code]:
    return {finding.code for finding in result.findings}


def first_of(record: RegionRecord, kind: type) -> int:
    return next(index for index, entry in enumerate(record.entries) if isinstance(entry, kind))


def rewrite(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Change files of an archive without signing anew."""
    with tarfile.open(path) as tar:
        files = {m.name: tar.extractfile(m).read() for m in tar}  # type: ignore[union-attr]
    change(files)
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o644
            tar.addfile(info, io.BytesIO(data))


def test_a_record_as_it_should_be_verifies(tmp_path: Path) -> None:
    record = usual()
    result = run(record, record.bundle(tmp_path))
    assert result.findings == []
    assert result.settled == 60
    assert all(step.checked or step.note for step in result.steps if step.number != 7)
    assert result.totals["EUR"] == sum(e.cost for e in record.entries if isinstance(e, Settlement))


def test_the_same_record_gives_the_same_bytes(tmp_path: Path) -> None:
    record = usual()
    one = record.bundle(tmp_path / "a").read_bytes()
    assert one == record.bundle(tmp_path / "b").read_bytes()


def test_a_range_in_the_middle_verifies_with_what_it_refers_to(tmp_path: Path) -> None:
    record = usual()
    middle = len(record.entries) // 2 + 4
    if isinstance(record.entries[middle], Admission):
        middle += 1  # so that an admission lies before the range and its settlement in it
    early = RegionRecord(record.keys)
    early.entries, early.documents, early.contents = record.entries[:middle], record.documents, record.contents
    before = run(early, early.bundle(tmp_path / "before"))
    assert before.findings == []
    assert before.manifest is not None
    following = record.bundle(tmp_path / "after", middle, None, before.manifest.head)
    assert run(record, following, before.manifest.head).findings == []
    assert codes(run(record, following, Head(3, bytes(32)))) == {Code.PREVIOUS}


def test_every_flipped_byte_is_noticed(tmp_path: Path) -> None:
    record = usual(requests=12, people=12)
    path = record.bundle(tmp_path)
    whole = path.read_bytes()
    relied = trusts.load(record.trust())
    for place in range(0, len(whole), 997):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            result = verify(path, relied)
        except ArchiveError:
            continue
        assert not result.ok, f"byte {place}"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda files: files.pop("entries.csv"), Code.FILE_MISSING),
        (lambda files: files.__setitem__("note.txt", b"hello"), Code.FILE_EXTRA),
        (lambda files: files.__setitem__("report.html", b"<p>all is well</p>"), Code.FILE_DIGEST),
        (lambda files: files.__setitem__("entries.jsonl", files["entries.jsonl"][:-1] + b" \n"), Code.FILE_DIGEST),
    ],
)
def test_files_are_those_that_were_signed(
    tmp_path: Path, change: Callable[[dict[str, bytes]], None], code: Code
) -> None:
    record = usual(requests=12, people=12)
    path = record.bundle(tmp_path)
    rewrite(path, change)
    assert code in codes(run(record, path))


def resign(record: RegionRecord, path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Change files and sign the manifest anew: what a region that lies in the bundle alone could do."""
    from bailiwick.contract import dsse  # noqa: PLC0415 -- only this forgery signs

    def forge(files: dict[str, bytes]) -> None:
        change(files)
        manifest = BundleManifest.decode(files[bundle.MANIFEST])
        described = {
            name: bundle.File(bundle_digest(data), len(data))
            for name, data in files.items()
            if name not in {bundle.MANIFEST, bundle.STATEMENT}
        }
        raw = replace(manifest, files=described).encode()
        files[bundle.MANIFEST] = raw
        payload = bundle.statement(raw, bundle_digest(raw))
        files[bundle.STATEMENT] = dsse.sign(bundle.PAYLOAD_TYPE, payload, [record.keys.evidence])

    rewrite(path, forge)


def bundle_digest(data: bytes) -> str:
    from bailiwick.contract.release import digest  # noqa: PLC0415 -- as above

    return digest(data)


@pytest.mark.parametrize("how", ["dropped", "doubled", "changed"])
def test_an_entry_dropped_added_or_changed_leads_to_another_root(tmp_path: Path, how: str) -> None:
    record = usual(requests=12, people=12)
    path = record.bundle(tmp_path)

    def change(files: dict[str, bytes]) -> None:
        lines = files["entries.jsonl"].splitlines(keepends=True)
        if how == "dropped":
            del lines[8]
        elif how == "doubled":
            lines.insert(8, lines[8])
        else:
            lines[8] = lines[8].replace(b'"first_ms":20', b'"first_ms":21').replace(b'"amount":', b'"amount":1')
        files["entries.jsonl"] = b"".join(lines)

    resign(record, path, change)
    assert Code.TREE in codes(run(record, path))


def test_a_checkpoint_needs_its_witness(tmp_path: Path) -> None:
    record = usual(requests=12, people=12)
    path = record.bundle(tmp_path)

    def strip(files: dict[str, bytes]) -> None:
        lines = files["checkpoint"].splitlines(keepends=True)
        files["checkpoint"] = b"".join(lines[:-1])

    resign(record, path, strip)
    assert codes(run(record, path)) == {Code.WITNESS}


def bend_cost(record: RegionRecord) -> None:
    index = first_of(record, Settlement)
    bent(record, index, cost=record.entries[index].cost + 1)  # type: ignore[union-attr]


def bend_pot(record: RegionRecord) -> None:
    index = first_of(record, Settlement)
    bent(record, index, pots=record.entries[index].pots[:1])  # type: ignore[union-attr]


def bend_price(record: RegionRecord) -> None:
    bent(record, first_of(record, Admission), price=Price(1, 1, 1))


def bend_number(record: RegionRecord) -> None:
    bent(record, first_of(record, Admission), number=1000)


def settle_twice(record: RegionRecord) -> None:
    record.add(record.entries[first_of(record, Settlement)])


def drop_settlement(record: RegionRecord) -> None:
    del record.entries[first_of(record, Settlement)]


def drop_consent(record: RegionRecord) -> None:
    del record.entries[first_of(record, Consent)]


def veto_instead(record: RegionRecord) -> None:
    from bailiwick.contract.ledger_entry import Veto  # noqa: PLC0415 -- only here

    index = first_of(record, Consent)
    spare = RegionRecord(record.keys)
    spare.manifest = record.manifest
    spare.consent("veto")
    said = spare.entries[-1]
    assert isinstance(said, Consent)
    record.entries[index] = Veto(said.at, said.envelope, said.manifest, said.sequence)


def other_version(record: RegionRecord) -> None:
    bent(record, first_of(record, Change), version=9)


def allow_the_refused(record: RegionRecord) -> None:
    index = first_of(record, Decision)
    entry = record.entries[index]
    assert isinstance(entry, Decision)
    bent(record, index, attributes={**entry.attributes, "use_case": "support"})


def other_rules(record: RegionRecord) -> None:
    bent(record, first_of(record, Decision), policies=("lineage-residency",))


def unknown_policy(record: RegionRecord) -> None:
    record.documents["sha256:" + "0" * 64] = record.policy.encode()
    bent(record, first_of(record, Admission), policy="sha256:" + "0" * 64)


def hide_from_report(record: RegionRecord) -> None:
    """One settlement of the second report's range moves to another team after the report was made."""
    index = max(i for i, e in enumerate(record.entries) if isinstance(e, Settlement))
    entry = record.entries[index]
    assert isinstance(entry, Settlement)
    bent(record, index, tags={**entry.tags, "team": "lab"})


def report_gap(record: RegionRecord) -> None:
    del record.entries[first_of(record, Egress)]


@pytest.mark.parametrize(
    ("bend", "code"),
    [
        (bend_cost, Code.COST),
        (bend_pot, Code.POT),
        (bend_price, Code.PRICE),
        (bend_number, Code.NUMBER_TWICE),
        (settle_twice, Code.SETTLED_TWICE),
        (drop_consent, Code.CONSENT),
        (veto_instead, Code.VETOED),
        (other_version, Code.RELEASE),
        (allow_the_refused, Code.DECISION),
        (other_rules, Code.DECISION),
        (unknown_policy, Code.POLICY_FORCE),
        (hide_from_report, Code.REPORT),
        (report_gap, Code.REPORT_GAP),
    ],
)
def test_a_record_that_lies_is_found_out(tmp_path: Path, bend: Callable[[RegionRecord], None], code: Code) -> None:
    record = usual(requests=24, people=12)
    if bend is report_gap:
        record.settle(record.admit(), 1)
        record.report()
        bend = second_report_gone
    bend(record)
    assert code in codes(run(record, record.bundle(tmp_path)))


def second_report_gone(record: RegionRecord) -> None:
    reports = [index for index, entry in enumerate(record.entries) if isinstance(entry, Egress)]
    del record.entries[reports[1]]


def test_a_missing_settlement_shows_as_open_and_changes_the_report(tmp_path: Path) -> None:
    record = usual(requests=24, people=12)
    drop_settlement(record)
    result = run(record, record.bundle(tmp_path))
    assert result.open == (1,)
    assert Code.REPORT in codes(result)


def test_a_message_that_left_must_be_there(tmp_path: Path) -> None:
    record = usual(requests=24, people=12)
    path = record.bundle(tmp_path)

    def drop(files: dict[str, bytes]) -> None:
        del files[next(name for name in files if name.startswith("egress/"))]

    resign(record, path, drop)
    assert Code.EGRESS in codes(run(record, path))


def test_a_release_that_the_metadata_does_not_list(tmp_path: Path) -> None:
    record = usual(requests=12, people=12)
    other = RegionRecord(record.keys)
    other.manifest = replace(record.manifest, version=2)
    listed = other.targets()
    record.targets = lambda: listed  # type: ignore[method-assign]
    assert Code.TUF in codes(run(record, record.bundle(tmp_path)))


def test_another_region_is_not_trusted(tmp_path: Path) -> None:
    record = usual(requests=12, people=12)
    relied = trusts.load(record.trust().replace(b'"eu-de"', b'"in-mh"', 1))
    with pytest.raises(TrustError, match="knows nothing of region eu-de"):
        verify(record.bundle(tmp_path), relied)


def test_the_keys_of_another_region_refuse_the_bundle(tmp_path: Path) -> None:
    record, other = usual(requests=12, people=12), usual(requests=12, people=12)
    result = verify(record.bundle(tmp_path), trusts.load(other.trust()))
    assert {Code.STATEMENT, Code.CHECKPOINT, Code.WITNESS} <= codes(result)


def test_no_archive_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "bundle.tar"
    path.write_bytes(b"age-encryption.org/v1\n")
    with pytest.raises(ArchiveError, match="open the sealed file"):
        verify(path, trusts.load(usual(requests=12, people=12).trust()))
