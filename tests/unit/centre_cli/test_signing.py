"""What is signed with offline keys is checked first."""

import json
from datetime import UTC, datetime

import pytest
from securesystemslib.formats import encode_canonical

from control_plane.cli.signing import checked

MANIFEST, CONFIG, POLICY = ("sha256:" + digit * 64 for digit in "abc")
RELEASE = {"manifest": MANIFEST, "config": CONFIG, "policy": POLICY, "code": None, "models": None}
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SIGNING = {"base": 4, "version": 5}


def _target(digest: str) -> dict[str, object]:
    return {"hashes": {"sha256": digest.removeprefix("sha256:")}, "length": 10}


def _body() -> dict[str, object]:
    targets = {
        f"manifests/{'a' * 64}": _target(MANIFEST),
        f"blobs/{'b' * 64}": _target(CONFIG),
        f"blobs/{'c' * 64}": _target(POLICY),
    }
    return {"_type": "targets", "version": 5, "targets": targets, "expires": "2027-01-01T00:00:00Z"}


def _bytes(body: dict[str, object]) -> bytes:
    return (encode_canonical(body) or "").encode()


def test_the_release_s_own_targets_are_signed() -> None:
    assert checked(_bytes(_body()), SIGNING, RELEASE, NOW) == [
        f"manifests/{'a' * 64}",
        f"blobs/{'b' * 64}",
        f"blobs/{'c' * 64}",
    ]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\x00", "no JSON"),
        (b"[]", "no TUF targets"),
        (_bytes({**_body(), "_type": "root"}), "no TUF targets"),
        (json.dumps(_body(), indent=1).encode(), "canonical"),
        (_bytes({**_body(), "version": 6}), "does not follow"),
        (_bytes({**_body(), "delegations": {"keys": {}, "roles": []}}), "delegates"),
        (_bytes({**_body(), "expires": "2026-11-21T23:59:59Z"}), "expires too soon"),
        (_bytes({**_body(), "expires": "9999-01-01T00:00:00Z"}), "or never"),
        (_bytes({**_body(), "expires": None}), "expires too soon"),
        (_bytes({**_body(), "targets": {}}), "does not list manifests"),
        (_bytes({**_body(), "targets": {f"manifests/{'a' * 64}": _target(CONFIG)}}), "does not list manifests"),
    ],
)
def test_anything_else_is_refused(payload: bytes, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        checked(payload, SIGNING, RELEASE, NOW)
    assert left.value.code == 1
    assert reason in capsys.readouterr().err.replace("\n", " ")
