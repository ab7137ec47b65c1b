"""`evidence pull` opens what was sealed to the auditor, writes it once, and never sends a token in the clear."""

import io
import json
import tarfile
from pathlib import Path

import pyrage
import pytest

from control_plane.cli import evidence


def _bundle() -> bytes:
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w") as archive:
        for name, text in (
            ("manifest.json", json.dumps({"region": "eu-de", "first": 0, "next": 256})),
            ("page.html", "<p>"),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return body.getvalue()


@pytest.fixture
def identity(tmp_path: Path) -> tuple[Path, str]:
    made = pyrage.x25519.Identity.generate()
    path = tmp_path / "identity.txt"
    path.write_text(f"# made for a test\n{made}\n")
    return path, str(made.to_public())


def test_a_bundle_is_opened_and_never_overwritten(
    tmp_path: Path, identity: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, recipient = identity
    sealed = pyrage.encrypt(_bundle(), [pyrage.x25519.Recipient.from_str(recipient)])
    monkeypatch.setattr(evidence, "_download", lambda *_: sealed)
    evidence.pull("http://127.0.0.1:1/bundles/x", "token", path, tmp_path / "out", json_=True)
    told = json.loads(capsys.readouterr().out)
    assert Path(told["bundle"]).name == "eu-de-0-256.tar"
    assert Path(told["bundle"]).read_bytes() == _bundle()
    assert Path(told["page"]).read_text() == "<p>"
    with pytest.raises(SystemExit) as left:
        evidence.pull("http://127.0.0.1:1/bundles/x", "token", path, tmp_path / "out", json_=True)
    assert left.value.code == 2


def test_another_identity_opens_nothing(
    tmp_path: Path, identity: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = pyrage.x25519.Identity.generate().to_public()
    monkeypatch.setattr(evidence, "_download", lambda *_: pyrage.encrypt(_bundle(), [other]))
    with pytest.raises(SystemExit) as left:
        evidence.pull("http://127.0.0.1:1/bundles/x", "token", identity[0], tmp_path / "out")
    assert left.value.code == 1
    assert not (tmp_path / "out").exists()


def test_a_token_is_not_sent_in_the_clear(tmp_path: Path, identity: tuple[Path, str]) -> None:
    with pytest.raises(SystemExit) as left:
        evidence.pull("http://region.example/bundles/x", "token", identity[0], tmp_path)
    assert left.value.code == 2


def test_a_file_without_an_identity_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.write_text("# nothing\n")
    with pytest.raises(SystemExit):
        evidence.pull("http://127.0.0.1:1/bundles/x", "token", path, tmp_path)
