"""The rule sets that are shipped with the service. A changed word is a new version: a test holds the hash of each."""

from functools import cache
from importlib.resources import files

from contracts.rules.document import RuleSet

__all__ = ["shipped"]


@cache
def shipped() -> dict[str, RuleSet]:
    """Every shipped rule set by `id@version`."""
    folder = files("contracts.rules") / "data"
    found = [
        RuleSet.model_validate_json(file.read_text(encoding="utf-8"))
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".json") and not file.name.endswith(".schema.json")
    ]
    return {rules.name: rules for rules in found}
