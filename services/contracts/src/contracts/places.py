"""Region codes in paths, queries and bodies: read to their canonical form, refused with the place when wrong."""

from typing import Annotated

from pydantic import AfterValidator

from contracts.regions.queries import parse_region
from shared.problems import Unprocessable

__all__ = ["RegionText", "region_of"]

RegionText = Annotated[str, AfterValidator(parse_region)]


def region_of(text: str, *, pointer: str) -> str:
    """The canonical form of a region in a path or query (`query:region`); 422 when it is none."""
    try:
        return parse_region(text)
    except ValueError as error:
        raise Unprocessable(
            f"{pointer.partition(':')[2]}: {error}", errors=[{"pointer": pointer, "detail": str(error)}]
        ) from error
