"""Bodies and answers about the settings of the tenant."""

from datetime import datetime
from typing import Literal

from pydantic import Field, StrictBool, StrictInt

from contracts.policies.models import StoredPolicy
from contracts.policies.queries import Policy
from shared.web import Model, Out

__all__ = [
    "Action",
    "DecisionIn",
    "PoliciesOut",
    "PolicyIn",
    "PolicyOut",
    "PolicyVersionOut",
    "policy_out",
    "policy_version_out",
]

Action = Literal[
    "submit",
    "activate",
    "complete",
    "terminate",
    "suspend",
    "cancel",
    "amend",
    "accept",
    "payment",
    "correction",
]
_ACTIONS = "submit | activate | complete | terminate | suspend | cancel | amend | accept | payment | correction"


class PolicyIn(Model):
    """Settings to propose for a region; the whole of them."""

    acts: list[Action] = Field(
        max_length=10,
        description=f"What must be prepared, reviewed and signed by three persons: {_ACTIONS}.",
        examples=[["payment", "complete"]],
    )
    confirmations: Literal["optional", "required"] = Field(
        "optional",
        description="required: a contract comes into force by the confirmations of all its parties only; optional: "
        "also directly.",
    )
    deputies: StrictBool = Field(True, description="Whether a deputy may act for an absent person.")
    basis: str = Field(min_length=1, max_length=2000, description="On what: decision and its number.")


class DecisionIn(Model):
    """The second person's decision about proposed settings."""

    version: StrictInt = Field(ge=1, description="Version that was proposed.")
    approve: StrictBool = Field(description="true puts it into force, false rejects it.")
    note: str | None = Field(None, min_length=1, max_length=2000, description="Remark.")


class PolicyVersionOut(Out):
    """Settings of a region at one version."""

    region: str = Field(description="Region that they were made for, with everything below; * everywhere.")
    version: int = Field(description="Counts the versions of the region's own settings.")
    state: str = Field(description="proposed | inForce | superseded | rejected.")
    acts: list[str] = Field(description=f"What takes three persons: {_ACTIONS}.")
    confirmations: str = Field(description="optional | required.")
    deputies: bool = Field(description="Whether a deputy may act for an absent person.")
    basis: str = Field(description="On what they were proposed.")
    proposed_by: str = Field(description="Who proposed them: the token's subject.")
    proposed_at: datetime = Field(description="When they were proposed.")
    decided_by: str | None = Field(description="Who approved or rejected them.")
    decided_at: datetime | None = Field(description="When they were approved or rejected.")
    decision_note: str | None = Field(description="Remark of the decision.")


class PolicyOut(Out):
    """Settings in force in a region: those of the most specific region that has any."""

    region: str = Field(description="Region that was asked for.")
    source: str | None = Field(description="Region whose settings they are; null: nobody made any, the default.")
    version: int = Field(description="Their version; 0 for the default.")
    acts: list[str] = Field(description=f"What takes three persons: {_ACTIONS}.")
    confirmations: str = Field(description="optional | required.")
    deputies: bool = Field(description="Whether a deputy may act for an absent person.")
    proposed: PolicyVersionOut | None = Field(description="The region's own proposal that waits for a second person.")
    latest_version: int = Field(description="Latest version of the region's own settings: its ETag; 0: none.")


class PoliciesOut(Out):
    """Every version of a region's own settings."""

    items: list[PolicyVersionOut] = Field(description="The newest first.")


def policy_version_out(policy: StoredPolicy) -> PolicyVersionOut:
    """The answer for one version."""
    names = [name for name in PolicyVersionOut.model_fields if name != "region"]
    return PolicyVersionOut.model_validate({name: getattr(policy, name) for name in names} | {"region": policy.scope})


def policy_out(region: str, policy: Policy, known: list[StoredPolicy]) -> PolicyOut:
    """The answer for what is in force in a region; `known` are its own versions, the newest first."""
    proposed = next((each for each in known if each.state == "proposed"), None)
    return PolicyOut(
        region=region,
        source=policy.scope,
        version=policy.version,
        acts=sorted(policy.acts),
        confirmations=policy.confirmations,
        deputies=policy.deputies,
        proposed=policy_version_out(proposed) if proposed else None,
        latest_version=known[0].version if known else 0,
    )
