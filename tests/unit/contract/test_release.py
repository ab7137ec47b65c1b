"""Manifests, configurations, policy sets and invitations as documents."""

import base64
import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.contract.enrolment import Invitation
from bailiwick.contract.errors import BoundaryError, ContractError, MalformedError, ReleaseError
from bailiwick.contract.note import Algorithm, SignerKey
from bailiwick.contract.release import Config, Manifest, PolicySet, digest, gated_changes, raw_digest
from tests.unit.contract.examples import CONFIG, NOW, manifest, policy_set
from tests.unit.contract.strategies import KEYS


def changed(document: bytes, **members) -> bytes:
    return rfc8785.dumps({**json.loads(document), **members})


def test_documents_round_trip():
    assert Config.decode(CONFIG.encode()) == CONFIG
    assert PolicySet.decode(policy_set().encode()) == policy_set()
    assert Manifest.decode(manifest().encode()) == manifest()


@given(st.binary(max_size=200))
def test_the_parsers_are_total(data):
    for parse in (Config.decode, PolicySet.decode, Manifest.decode):
        with pytest.raises(MalformedError):
            parse(data)


@pytest.mark.parametrize("document", [CONFIG.encode(), policy_set().encode(), manifest().encode()])
@given(data=st.data())
def test_no_document_shares_its_bytes_with_another(document, data):
    flipped = bytearray(document)
    flipped[data.draw(st.integers(0, len(document) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    for kind in (Config, PolicySet, Manifest):
        try:
            assert kind.decode(bytes(flipped)).encode() == bytes(flipped)
        except ContractError:
            continue


@pytest.mark.parametrize(
    "name", ["url", "base_url", "engine_url", "host", "engines", "upstream", "proxy", "floor", "schedule"]
)
def test_a_configuration_that_names_what_belongs_to_the_region_is_refused(name):
    models = json.loads(CONFIG.encode())["models"]
    with pytest.raises(BoundaryError):
        Config.decode(changed(CONFIG.encode(), **{name: "x"}))
    with pytest.raises(BoundaryError):
        Config.decode(changed(CONFIG.encode(), models=[{**models[0], name: "x"}]))


def test_a_configuration_that_hides_an_address_in_a_value_is_refused():
    models = json.loads(CONFIG.encode())["models"]
    with pytest.raises(BoundaryError):
        Config.decode(changed(CONFIG.encode(), models=[{**models[0], "id": "http://10.0.0.1"}]))


def test_every_model_has_a_price_in_every_book():
    books = json.loads(CONFIG.encode())["price_books"]
    del books[0]["prices"]["minilm"]
    with pytest.raises(ReleaseError):
        Config.decode(changed(CONFIG.encode(), price_books=books))


@pytest.mark.parametrize("members", [{"models": []}, {"price_books": []}])
def test_an_empty_configuration_is_refused(members):
    with pytest.raises(ReleaseError):
        Config.decode(changed(CONFIG.encode(), **members))


def test_models_are_found_by_id_and_alias():
    assert CONFIG.model("small") == CONFIG.model("tiny-chat")
    assert CONFIG.model("other") is None
    euros = CONFIG.book("EUR")
    assert euros is not None
    assert euros.prices["minilm"].prompt == 10
    assert CONFIG.book("USD") is None


def test_a_manifest_is_named_by_its_bytes():
    assert manifest().digest == digest(manifest().encode())
    assert manifest(version=2).digest != manifest().digest
    assert len(raw_digest(manifest().digest)) == 32


@pytest.mark.parametrize(
    "members", [{"regions": []}, {"regions": ["a", "a"]}, {"version": 0}, {"config": None}, {"policy": "sha256:0"}]
)
def test_other_manifests_are_refused(members):
    with pytest.raises(ContractError):
        Manifest.decode(changed(manifest().encode(), **members))


def test_gated_parts_are_those_that_need_consent():
    other = "sha256:" + "b" * 64
    assert gated_changes(None, manifest()) == ("policy",)
    assert gated_changes(manifest(), manifest(version=2, config=other)) == ()
    assert gated_changes(manifest(), manifest(policy=other, code=other, boundary=other)) == (
        "code",
        "policy",
        "boundary",
    )


def invitation(key) -> Invitation:
    return Invitation(
        id="a" * 32,
        secret="b" * 64,
        region="eu-de",
        jurisdiction="EU",
        expires=NOW,
        ca="sha256:" + "c" * 64,
        tuf_root="sha256:" + "d" * 64,
        witness=str(SignerKey("bailiwick/centre", key, Algorithm.COSIGNATURE_V1).verifier),
        enrolment="127.0.0.1:8702",
        agents="127.0.0.1:8701",
    )


@given(KEYS)
def test_invitations_round_trip(key):
    token = invitation(key).encode()
    assert token.startswith("bwi_")
    assert Invitation.decode(token) == invitation(key)


@given(KEYS, st.data())
def test_a_changed_invitation_is_refused_or_another(key, data):
    token = invitation(key).encode()
    place = data.draw(st.integers(0, len(token) - 1))
    other = token[:place] + data.draw(st.characters(max_codepoint=255)) + token[place + 1 :]
    try:
        assert Invitation.decode(other).encode() == other
    except ContractError:
        return


@given(st.text(max_size=100))
def test_the_invitation_parser_is_total(text):
    for token in (text, "bwi_" + text, "bwi_" + base64.urlsafe_b64encode(text.encode("utf-8", "replace")).decode()):
        with pytest.raises(MalformedError):
            Invitation.decode(token)
