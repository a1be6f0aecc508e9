"""The tree: the reference vectors of RFC 6962's authors, and the laws that proofs obey."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexops.audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    full_root,
    inclusion_proof,
    is_consistent,
    is_included,
    leaf_hash,
    node_hash,
    root_of,
)
from lexops.audit.tiles import GrowingTree, tail_ranges

# The inputs and roots of the test vectors of google/certificate-transparency (merkle_tree_test).
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(bytes.fromhex(each)) for each in INPUTS]
sizes = st.integers(1, 70)


def leaves_of(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


def subtree(leaves: list[bytes], height: int, position: int) -> bytes:
    return full_root(leaves[position << height : (position + 1) << height])


def reference_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(reference_root(leaves[:split]), reference_root(leaves[split:]))


def test_the_empty_root_is_the_hash_of_nothing() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert Frontier().root() == root_of([]) == EMPTY_ROOT


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference_vectors(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_proofs_are_those_of_the_reference_vectors() -> None:
    def of(height: int, position: int) -> bytes:
        return subtree(LEAVES, height, position)

    assert [each.hex() for each in inclusion_proof(0, 8, of)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [each.hex() for each in consistency_proof(6, 8, of)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [each.hex() for each in consistency_proof(2, 5, of)] == [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]


@given(st.lists(st.integers(0, 40), max_size=12))
def test_growing_by_any_steps_gives_the_root_of_the_definition(steps: list[int]) -> None:
    leaves = leaves_of(sum(steps))
    frontier, done = Frontier(), 0
    for step in steps:
        frontier.extend(leaves[done : done + step])
        done += step
        assert frontier.root() == reference_root(leaves[:done])


@given(sizes, st.data())
def test_an_inclusion_proof_proves_its_leaf_and_nothing_else(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, lambda height, position: subtree(leaves, height, position))
    root = root_of(leaves)
    assert is_included(leaves[index], index, size, proof, root)
    other = data.draw(st.integers(0, size - 1).filter(lambda place: place != index)) if size > 1 else size
    assert not is_included(leaves[index], other, size, proof, root)
    assert not is_included(leaf_hash(b"another"), index, size, proof, root)
    assert not is_included(leaves[index], index, size, [*proof, root], root)
    if proof:
        assert not is_included(leaves[index], index, size, proof[:-1], root)
        assert not is_included(leaves[index], index, size, damaged(proof, data), root)


@given(sizes, st.data())
def test_a_consistency_proof_proves_its_two_roots_and_nothing_else(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    old = data.draw(st.integers(0, size))
    proof = consistency_proof(old, size, lambda height, position: subtree(leaves, height, position))
    before, after = root_of(leaves[:old]), root_of(leaves)
    assert is_consistent(old, before, size, after, proof)
    wrong = leaf_hash(b"another")
    assert not is_consistent(old, wrong, size, after, proof)
    assert not is_consistent(old, before, size, after, [*proof, wrong])
    if old and old != size:
        assert not is_consistent(old, before, size, wrong, proof)
        assert not is_consistent(old, before, size, after, damaged(proof, data))


def damaged(proof: list[bytes], data: st.DataObject) -> list[bytes]:
    """The proof with one bit flipped."""
    place, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
    flipped = int.from_bytes(proof[place]) ^ 1 << bit
    return [*proof[:place], flipped.to_bytes(32), *proof[place + 1 :]]


def test_there_is_no_proof_for_what_is_not_there() -> None:
    with pytest.raises(ValueError, match="no leaf 8 among 8"):
        inclusion_proof(8, 8, lambda height, position: b"")
    with pytest.raises(ValueError, match="cannot be the beginning"):
        consistency_proof(9, 8, lambda height, position: b"")


@pytest.mark.parametrize("steps", [[255, 1, 1], [700], [256, 256], [65_536, 3], [65_535, 1, 257]])
def test_tiles_hold_every_level_and_the_tree_grows_on_from_them(steps: list[int]) -> None:
    leaves = leaves_of(sum(steps))
    levels: dict[int, list[bytes]] = {0: leaves}
    tree, size = GrowingTree(), 0
    for step in steps:
        for tile in tree.extend(leaves[size : size + step], size):
            assert list(tile.hashes) == levels[tile.level][tile.position * 256 : tile.position * 256 + 256]
            levels.setdefault(tile.level + 1, []).append(tile.root)
        size += step
        assert tree.root() == root_of(leaves[:size])
        tree = GrowingTree([levels[level][start:end] for level, (start, end) in enumerate(tail_ranges(size))])
        assert tree.root() == root_of(leaves[:size])
