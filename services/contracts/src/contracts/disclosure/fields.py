"""Levels, and the fields of a contract that can have one: which keys of answers, events and releases each covers."""

from typing import NamedTuple

__all__ = ["FIELDS", "LEVELS", "SUBJECTS", "WITHHELD", "Field"]

LEVELS = ("internal", "commercialSecret", "personal")
"""Above `public`, which everything has that is not marked."""
SUBJECTS = ("contract", "field", "document")
WITHHELD = "（不公开）"
"""Stands where a text must not be empty."""


class Field(NamedTuple):
    """A markable field: its names, and the keys that it covers wherever a contract is told."""

    zh: str
    en: str
    keys: tuple[str, ...]


FIELDS: dict[str, Field] = {
    "title": Field("名称", "Title, and the titles of lots", ("title", "lots")),
    "contractNumber": Field("合同编号", "Contract number", ("contract_number",)),
    "money": Field(
        "金额",
        "Money: value, budget, ledger and what follows from them",
        ("value", "budget", "final_value", "value_at_signing", "ledger", "ceiling", "lots", "amendments"),
    ),
    "provider": Field(
        "承接主体", "Provider, and joint providers", ("provider", "provider_id", "members", "confirmations")
    ),
    "competition": Field("竞争情况", "How the provider was found", ("competition", "tenderers")),
    "clauses": Field("合同条款", "What the contract's text provides", ("clauses",)),
    "needsBasis": Field("需求依据", "Why the service is bought", ("needs_basis",)),
    "reasons": Field("原因说明", "Reasons of state and end", ("state_reason",)),
    "indicators": Field("绩效指标", "Agreed indicators and their observations", ("indicators",)),
    "milestones": Field("里程碑", "Milestones and their reports", ("milestones",)),
    "amendments": Field("补充协议", "Amendments", ("amendments",)),
    "externalIds": Field("外部编号", "Ids in source systems", ("external_ids",)),
    "opinion": Field("服务对象意见", "Recipients' opinion at acceptance", ("opinion",)),
}
