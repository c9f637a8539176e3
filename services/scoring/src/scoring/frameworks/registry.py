"""Which frameworks a contract is scored under, and which one a hash names; one value per state of the database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from scoring.frameworks.document import Framework
from scoring.frameworks.errors import FrameworkNotFound
from scoring.frameworks.modules import MODULE_NONE, module_of
from scoring.frameworks.reading import plain_framework

__all__ = ["Applied", "Registry", "order"]


_ANSWERS: Final = 50_000


def order(version: str) -> tuple[int, ...]:
    """The key by which versions are compared."""
    return tuple(int(part) for part in version.split("."))


@dataclass(frozen=True, slots=True)
class Applied:
    """A version that was approved, or is shipped: where it applies and whether it is in force."""

    document: Mapping[str, Any]
    hash: str
    region: str
    """Prefix of the regions it applies to, `CN-23`; empty: everywhere."""
    in_force: bool
    retired: bool = False
    replaced_by: str | None = None
    """`id@version` of what takes the place of a retired version."""


@dataclass(frozen=True, slots=True, eq=False)
class Registry:
    """All versions with what is in force where; immutable, so that any number of readers may share it.

    `applicable` is for the hot path: its answer is computed once per (region, category) and kept.
    """

    versions: tuple[Applied, ...]
    _answers: dict[tuple[str, str | None], tuple[Framework, ...]] = field(default_factory=dict)
    _concrete: dict[tuple[str, str], Framework] = field(default_factory=dict)
    _hashes: dict[str, Framework] = field(default_factory=dict)

    @staticmethod
    def of(versions: Iterable[Applied]) -> "Registry":
        """A registry of these versions."""
        return Registry(tuple(versions))

    def concrete(self, applied: Applied, module: str) -> Framework:
        """The plain tree of a version with one of its modules.

        It was validated when it was approved; a later release that has become stricter must not stop the scoring.
        """
        key = (applied.hash, module)
        if key not in self._concrete:
            self._concrete[key] = plain_framework(applied.document, module=module)
        return self._concrete[key]

    def applicable(self, region: str, category: str | None) -> tuple[Framework, ...]:
        """The frameworks in force for a contract of a region (`CN-230102`) and service category, by id.

        Of each id the version of the narrowest region that covers the contract's counts, and there the highest.
        """
        key = (region, category)
        answer = self._answers.get(key)
        if answer is None:
            if len(self._answers) >= _ANSWERS:
                self._answers.clear()  # anybody may ask about any region and category
            answer = self._answers[key] = tuple(self._applicable(region, category))
        return answer

    def _applicable(self, region: str, category: str | None) -> Iterable[Framework]:
        best: dict[str, Applied] = {}
        for applied in self.versions:
            if not applied.in_force or not region.startswith(applied.region):
                continue
            standing = best.get(applied.document["id"])
            if standing is None or _precedence(applied) > _precedence(standing):
                best[applied.document["id"]] = applied
        for framework_id in sorted(best):
            applied = best[framework_id]
            prefixes = applied.document.get("categories")
            if prefixes is None or (category or "").startswith(tuple(prefixes)):
                yield self.concrete(applied, module_of(applied.document, category))

    def by_hash(self, framework_hash: str) -> Framework:
        """The framework that a score row names; FrameworkNotFound when it is not known here."""
        if not self._hashes:
            for applied in self.versions:
                codes = [module["code"] for module in applied.document.get("modules", ())]
                for framework in [self.concrete(applied, code) for code in (MODULE_NONE, *codes)]:
                    self._hashes[framework.hash] = framework
        try:
            return self._hashes[framework_hash]
        except KeyError:
            raise FrameworkNotFound(f"No framework with the hash {framework_hash} is known here.") from None

    def written(self, framework_hash: str) -> Applied | None:
        """The version whose approved document has that hash, None when it is not known here."""
        return next((each for each in self.versions if each.hash == framework_hash), None)

    def replacement(self, framework_hash: str) -> str | None:
        """`id@version` of what took the place of the retired version that a score row names; None where nothing did."""
        try:
            written = self.written(self.by_hash(framework_hash).written_hash)
        except FrameworkNotFound:
            return None
        return None if written is None else written.replaced_by

    def successor(self, framework_id: str, version: str, *, scope: str, inherits: str | None) -> str | None:
        """`id@version` of what is in force in a region when a version of it is retired; None: nothing of the kind.

        Another version of the same framework, else the one that it was inherited from.
        """
        for wanted in (framework_id, inherits):
            standing = [
                each
                for each in self.versions
                if each.in_force
                and each.document["id"] == wanted
                and (wanted, each.document["version"]) != (framework_id, version)
                and scope.startswith(each.region)
            ]
            if standing:
                best = max(standing, key=_precedence)
                return f"{wanted}@{best.document['version']}"
        return None

    def find(self, framework_id: str, *, version: str | None = None, category: str | None = None) -> Framework:
        """A framework by id, in force or in a stated version, with the module of a category; FrameworkNotFound.

        Without a version it is the highest in force, or, where none is (offered or retired), the highest.
        """
        known = [each for each in self.versions if each.document["id"] == framework_id]
        if version is not None:
            known = [each for each in known if each.document["version"] == version]
        if not known:
            ids = ", ".join(sorted({each.document["id"] for each in self.versions}))
            named = f"{framework_id} {version}" if version else framework_id
            raise FrameworkNotFound(f"There is no framework {named}. Known: {ids}.")
        found = max(known, key=lambda each: (each.in_force, order(each.document["version"])))
        return self.concrete(found, module_of(found.document, category))


def _precedence(applied: Applied) -> tuple[int, tuple[int, ...]]:
    return len(applied.region), order(applied.document["version"])
