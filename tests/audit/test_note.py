"""Signed notes, tree heads and cosignatures as C2SP writes them; anything else is refused."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from lexops.audit import note

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
VERIFIER = note.VerifierKey("lexops/a", note.ED25519, note.public_bytes(KEY))
HEAD = note.Head("lexops/a", 12, bytes(32))
SIGNED = note.sign(note.write_head(HEAD), "lexops/a", KEY, OTHER)


def test_the_published_example_of_the_go_implementation_verifies() -> None:
    # golang.org/x/mod/sumdb/note, package documentation.
    key = note.parse_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
        "\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUg"
        "YN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    assert note.is_signed(note.parse(text), key)


def test_what_is_signed_verifies_with_each_key_and_no_other() -> None:
    signed = note.parse(SIGNED)
    assert note.is_signed(signed, VERIFIER)
    assert note.is_signed(signed, note.VerifierKey("lexops/a", note.ED25519, note.public_bytes(OTHER)))
    assert not note.is_signed(signed, note.VerifierKey("lexops/b", note.ED25519, note.public_bytes(KEY)))
    assert note.read_head(signed.text) == HEAD


@given(st.integers(0, len(SIGNED) - 1), st.characters(codec="utf-8"))
def test_any_changed_character_is_noticed(place: int, sign: str) -> None:
    changed = SIGNED[:place] + sign + SIGNED[place + 1 :]
    try:
        read = note.parse(changed)
    except note.BadNote:
        return
    both = note.is_signed(read, VERIFIER) and note.is_signed(
        read, note.VerifierKey("lexops/a", note.ED25519, note.public_bytes(OTHER))
    )
    assert not both or changed == SIGNED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\nno mark\n",
        "text\n\n— name AAAA\n",
        "text\n\n— name !!!\n",
        "text\n\n— na me AAAAAAAA\n",
        SIGNED.rstrip("\n"),
        SIGNED.replace("\n", "\r\n"),
        "\x00" + SIGNED,
    ],
)
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(note.BadNote):
        note.parse(text)


@pytest.mark.parametrize(
    "text",
    ["", "a\n1\n", "a\n01\nAAAA\n", "a\n-1\nAAAA\n", "a\n1\nAAAA\n", "\n1\n" + "A" * 43 + "=\n", "a\nx\ny\n"],
)
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(note.BadNote):
        note.read_head(text)


def test_keys_are_read_as_they_are_written_and_refused_when_altered() -> None:
    assert note.parse_key(f" {VERIFIER}\n") == VERIFIER
    for bad in ("", "a+b", f"x{VERIFIER}", str(VERIFIER)[:-4]):
        with pytest.raises(note.BadNote):
            note.parse_key(bad)


def test_a_cosignature_tells_when_the_witness_saw_the_head() -> None:
    text = note.write_head(HEAD)
    witness = note.VerifierKey("witness.example", note.COSIGNATURE, note.public_bytes(KEY))
    line = note.cosign(text, "witness.example", KEY, 1_700_000_000)
    assert note.cosigned_at(note.parse(SIGNED + line), witness) == 1_700_000_000
    other = note.Note(note.write_head(note.Head("lexops/a", 13, bytes(32))), (note.parse_signature(line),))
    assert note.cosigned_at(other, witness) is None
