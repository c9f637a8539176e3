"""Crockford's base 32 with its check symbol: codes that people read out, write down and type.

Source: Douglas Crockford, "Base 32" (https://www.crockford.com/base32.html): 32 symbols without I, L, O and U; when
reading, O counts as 0 and I and L as 1, case and hyphens do not matter; the check symbol is the value modulo 37.
"""

__all__ = ["CHECK_SYMBOLS", "SYMBOLS", "CodeMalformed", "decode", "encode"]

SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK_SYMBOLS = SYMBOLS + "*~$=U"
_SAME = str.maketrans("OIL", "011", "- \t\r\n\u00a0\u2010\u2011\u2013")


class CodeMalformed(ValueError):  # noqa: N818 - named as the problems of the service are
    """The code has a wrong length, a symbol that is none, or a check symbol that does not fit."""


def encode(value: int, *, length: int, group: int = 5) -> str:
    """Write a number with `length` symbols and a check symbol, in groups joined by hyphens.

    Raises:
        ValueError: the number is negative or does not fit.
    """
    if not 0 <= value < 32**length:
        raise ValueError(f"{value} does not fit {length} symbols")
    symbols = "".join(SYMBOLS[(value >> (5 * place)) & 31] for place in reversed(range(length)))
    code = symbols + CHECK_SYMBOLS[value % 37]
    return "-".join(code[start : start + group] for start in range(0, len(code), group))


def decode(code: str, *, length: int) -> int:
    """Read a number that has `length` symbols and a check symbol.

    Raises:
        CodeMalformed: it is no such code; one wrong symbol and two exchanged neighbours are always found.
    """
    text = code.upper().translate(_SAME)
    if len(text) != length + 1:
        raise CodeMalformed(f"a code has {length + 1} symbols, not {len(text)}")
    value = 0
    for symbol in text[:-1]:
        digit = SYMBOLS.find(symbol)
        if digit < 0:
            raise CodeMalformed(f"{symbol!r} is no symbol of a code")
        value = value * 32 + digit
    if CHECK_SYMBOLS.find(text[-1]) != value % 37:
        raise CodeMalformed("the last symbol does not fit the others: one of them is wrong")
    return value
