"""What the journey borrows from the tests of the contracts service: the standard's offline validator."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.contracts.conftest import alone_in_the_cluster
from tests.contracts.exchange.conftest import TOOL, as_package, assert_valid, offline

__all__ = ["alone_in_the_cluster", "as_package", "assert_valid", "hold_to_the_standard", "offline"]

Releases = list[dict[str, Any]]


@pytest.fixture
def hold_to_the_standard(request: pytest.FixtureRequest) -> Callable[[Releases], None] | None:
    """Holds releases to OCDS 1.1.5, a thousand at a time; None where the validator is not there."""
    if not TOOL.exists():
        return None
    validate, package = request.getfixturevalue("assert_valid"), request.getfixturevalue("as_package")

    def check(releases: Releases) -> None:
        for start in range(0, len(releases), 1000):
            validate(package("releases", releases[start : start + 1000]))

    return check
