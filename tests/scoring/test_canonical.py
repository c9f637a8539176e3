"""Canonical JSON: the RFC's own vectors, and the fast form against the library."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from scoring.canonical import canonical, canonical_text, sha256

VECTORS = Path(__file__).parents[3] / "shared/golden/scoring/provenance/jcs_rfc8785.json"
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
KEYS = st.text(st.characters(codec="utf-8", max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.skipif(not VECTORS.is_file(), reason="the golden numbers lie beside the project, not in it")
def test_the_vectors_of_the_rfc() -> None:
    cases: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]
    good = [case for case in cases if "canonical" in case]
    assert len(good) == 25
    for case in good:
        form = canonical(json.loads(case["input"]))
        assert form.decode() == case["canonical"], case["name"]
        assert sha256(form) == case["sha256"], case["name"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53])
def test_what_json_cannot_say_exactly_is_refused(value: float) -> None:
    with pytest.raises(rfc8785.CanonicalizationError):
        canonical({"value": value})


@given(VALUES)
def test_the_fast_form_equals_the_library(value: object) -> None:
    assert canonical_text(value).encode() == canonical(value)


def test_text_is_hashed_as_utf_8() -> None:
    assert sha256("公评") == hashlib.sha256("公评".encode()).hexdigest()
