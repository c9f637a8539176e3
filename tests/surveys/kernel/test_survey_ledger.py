"""Receipts and the Merkle tree: published vectors, proofs that hold, forgeries that do not."""

import hashlib
import random
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.kernel import crockford, merkle, receipts

# The leaves and roots that implementations of RFC 6962 are tested with.
INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
LEAVES = tuple(hashlib.sha256(b"\x00" + bytes.fromhex(each)).digest() for each in INPUTS)


def drawn(count: int, seed: int = 1) -> list[bytes]:
    generator = random.Random(seed)
    return [generator.randbytes(32) for _ in range(count)]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_standard(size: int) -> None:
    tree = merkle.Tree.above(LEAVES[:size])
    assert tree.root.hex() == ROOTS[size - 1]
    for index in range(size):
        proof = tree.proof(index)
        assert merkle.included(LEAVES[index], index=index, size=size, proof=proof, root=tree.root)


def test_empty_tree_has_the_standards_root() -> None:
    assert merkle.Tree.over([]).root == merkle.root_of([]) == hashlib.sha256(b"").digest()
    with pytest.raises(IndexError):
        merkle.Tree.over([]).proof(0)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 31, 32, 33, 100, 257])
def test_every_leaf_is_proved_and_nothing_else(size: int) -> None:
    leaves = drawn(size)
    tree = merkle.Tree.over(leaves)
    assert list(tree.leaves) == sorted(leaves)
    assert merkle.root_of(leaves) == tree.root
    (stranger,) = drawn(1, seed=2)
    for index, leaf in enumerate(tree.leaves):
        proof = tree.proof(index)
        shown: dict[str, Any] = {"index": index, "size": size, "proof": proof, "root": tree.root}
        assert merkle.included(leaf, **shown)
        assert not merkle.included(stranger, **shown)
        assert not merkle.included(leaf, **shown | {"index": index + 1})
        assert not merkle.included(leaf, **shown | {"index": -1})
        assert not merkle.included(leaf, **shown | {"root": stranger})
        assert not merkle.included(leaf, **shown | {"proof": [*proof, stranger]})
        if proof:
            assert not merkle.included(leaf, **shown | {"proof": proof[:-1]})
            assert not merkle.included(leaf, **shown | {"proof": [stranger, *proof[1:]]})


def test_a_changed_answer_changes_the_root() -> None:
    leaves = drawn(50)
    other = [*leaves[:20], *drawn(1, seed=9), *leaves[21:]]
    assert len({merkle.root_of(leaves), merkle.root_of(other), merkle.root_of(leaves[:-1])}) == 3


def test_order_of_arrival_leaves_no_trace() -> None:
    leaves = drawn(40)
    assert merkle.root_of(leaves) == merkle.root_of(leaves[::-1])


def test_leaf_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        merkle.Tree.over([*drawn(3), *drawn(1)])


def test_same_content_gives_other_leaves_and_receipts() -> None:
    content = hashlib.sha256(b"the same answers").digest()
    made = [receipts.new_leaf(content) for _ in range(200)]
    assert len({salt for salt, _ in made}) == len({receipts.receipt_of(leaf) for _, leaf in made}) == 200
    for salt, leaf in made:
        assert leaf == hashlib.sha256(b"\x00" + salt + content).digest() == receipts.leaf_of(salt, content)


def test_salt_and_content_have_their_length() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        receipts.leaf_of(b"", bytes(32))
    with pytest.raises(ValueError, match="32 bytes"):
        receipts.new_leaf(b"answers in the open")


@given(st.binary(min_size=32, max_size=32))
def test_receipt_leads_back_to_the_leaf(leaf: bytes) -> None:
    receipt = receipts.receipt_of(leaf)
    assert [len(group) for group in receipt.split("-")] == [5] * 5
    assert receipts.leaf_prefix(receipt) == leaf[:15]
    written = receipt.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert receipts.leaf_prefix(written) == leaf[:15]


@given(st.binary(min_size=32, max_size=32), st.data())
def test_wrong_symbol_is_noticed(leaf: bytes, data: st.DataObject) -> None:
    receipt = receipts.receipt_of(leaf).replace("-", "")
    place = data.draw(st.integers(0, 23))
    symbol = data.draw(st.sampled_from(crockford.SYMBOLS).filter(lambda found: found != receipt[place]))
    with pytest.raises(receipts.ReceiptMalformed, match="does not fit"):
        receipts.leaf_prefix(receipt[:place] + symbol + receipt[place + 1 :])


@given(st.binary(min_size=32, max_size=32))
def test_exchanged_symbols_are_noticed(leaf: bytes) -> None:
    receipt = receipts.receipt_of(leaf).replace("-", "")
    for place, (left, right) in enumerate(pairwise(receipt[:-1])):
        if left != right:
            with pytest.raises(receipts.ReceiptMalformed):
                receipts.leaf_prefix(receipt[:place] + right + left + receipt[place + 2 :])


@pytest.mark.parametrize("text", ["", "00000", "0" * 24, "0" * 26, "U" * 24 + "0", "!" * 25, "０" * 25])
def test_what_is_no_receipt_is_refused(text: str) -> None:
    with pytest.raises(receipts.ReceiptMalformed):
        receipts.leaf_prefix(text)


def test_codes_are_those_of_the_published_rules() -> None:
    assert crockford.encode(32**5 - 1, length=5) == f"ZZZZZ-{crockford.CHECK_SYMBOLS[(32**5 - 1) % 37]}"
    assert crockford.encode(1234, length=4, group=9) == "016JD"  # 1234 = 1*1024 + 6*32 + 18, 1234 % 37 = 13
    assert crockford.decode("o16-jd", length=4) == 1234
    for value in (-1, 32**4):
        with pytest.raises(ValueError, match="does not fit"):
            crockford.encode(value, length=4)


@pytest.mark.parametrize("size", [1, 2, 6, 11, 64])
def test_documented_check_of_a_receipt_works(size: int) -> None:
    text = (Path(__file__).parents[3] / "docs" / "publication.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    scope: dict[str, Any] = {}
    exec(code, scope)  # noqa: S102 - the documentation's own example
    tree = merkle.Tree.over(drawn(size))
    for index, leaf in enumerate(tree.leaves):
        path = [step.hex() for step in tree.proof(index)]
        assert scope["root"](leaf.hex(), index, size, path) == tree.root.hex()
    assert scope["root"](drawn(1, seed=5)[0].hex(), 0, size, [step.hex() for step in tree.proof(0)]) != tree.root.hex()


def test_receipts_of_many_are_those_of_each() -> None:
    leaves = [hashlib.sha256(str(number).encode()).digest() for number in range(300)] + [b"\x00" * 32, b"\xff" * 32]
    assert receipts.receipts_of(leaves) == [receipts.receipt_of(leaf) for leaf in leaves]
    assert receipts.receipts_of([]) == []
    made = receipts.new_leaves([leaf[::-1] for leaf in leaves])
    assert [receipts.leaf_of(salt, leaf[::-1]) for (salt, _), leaf in zip(made, leaves, strict=True)] == [
        each for _, each in made
    ]
    assert len({salt for salt, _ in made}) == len(leaves)
