"""Unified social credit codes with correct check characters, for organisations that do not exist.

Source: GB 32100-2015 (outer check) and GB 11714-1997 (inner check). The organisation code begins with `XX`, which no
registrar has been seen to give out, so that a simulated code is told from a real one at sight.
"""

__all__ = ["simulated_uscc"]

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_INNER_VALUES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def simulated_uscc(kind: str, *, division: str, number: int) -> str:
    """A code of a kind (`11` organ, `52` private non-enterprise unit, ...) registered in a division.

    Raises:
        ValueError: the number has more than six digits.
    """
    if not 0 <= number < 1_000_000:
        raise ValueError("an organisation code has room for six digits after its prefix")
    organisation = f"XX{number:06d}"
    total = sum(_INNER_VALUES.index(c) * weight for c, weight in zip(organisation, _INNER_WEIGHTS, strict=True))
    inner = {10: "X", 11: "0"}.get(11 - total % 11, str(11 - total % 11))
    body = f"{kind}{division}{organisation}{inner}"
    outer = sum(_ALPHABET.index(c) * pow(3, position, 31) for position, c in enumerate(body))
    return body + _ALPHABET[-outer % 31]
