"""The words of reports in Chinese and English."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from shared.divisions import region_label
from shared.guiding_catalogue import category_label, named_label

__all__ = ["Words", "words_of"]


class Words:
    """The words of one language."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts

    def __getitem__(self, key: str) -> str:
        """A text; KeyError for one that is missing: no report goes out with a hole."""
        return self._texts[key]

    def fill(self, key: str, **values: object) -> str:
        """A text with its gaps filled."""
        return self._texts[key].format(**values)

    def code(self, family: str, code: str | None) -> str:
        """The name of a code of an open enumeration; a later release's code stands for itself."""
        return self["none"] if code is None else self._texts.get(f"{family}.{code}", code)

    def region(self, code: str) -> str:
        """The name of a region with its code."""
        return region_label(code, chinese=self.language == "zh")

    def category(self, code: str, named: tuple[str, str, str | None] | None = None) -> str:
        """The name of a kind of service with its code: as `named` (code, Chinese, English), else the central list's."""
        chinese = self.language == "zh"
        name = None if named is None else named[1] if chinese else named[2]
        if named is None or name is None:
            return category_label(code, chinese=chinese)
        return named_label(code, item=named[0], name=name, chinese=chinese)

    def money(self, amount: str, currency: str | None) -> str:
        """An amount with its currency."""
        known = self._texts.get(f"money.{currency}")
        return f"{amount} {currency or ''}".strip() if known is None else known.format(amount=amount)

    def unit(self, value: str, unit: str) -> str:
        """A value in a unit of the frameworks, or in the contract's own words."""
        return self._texts.get(f"unit.{unit}", "{value} " + unit.replace("{", "{{").replace("}", "}}")).format(
            value=value
        )

    def joined(self, parts: Iterable[str]) -> str:
        """An enumeration in running text."""
        return self["separator"].join(parts)

    def keys(self) -> frozenset[str]:
        """Every key, for the test that the languages say the same things."""
        return frozenset(self._texts)


@cache
def words_of(language: str) -> Words:
    """The words of `zh` or `en`."""
    text = (files("scoring.reports") / "data" / f"{language}.json").read_text(encoding="utf-8")
    return Words(language, json.loads(text))
