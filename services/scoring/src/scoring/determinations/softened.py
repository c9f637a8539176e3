"""Agreed targets that ask for less than this contract did before, or than earlier ones did: a person says why."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scoring.determinations.errors import TargetsSoftened
from scoring.determinations.schemas import DeterminationIn
from scoring.evidence.queries import evidence_bodies
from scoring.frameworks.document import REASON, Framework
from scoring.scores.targets.comparison import Compared
from scoring.scores.targets.service import compared_targets
from shared.problems import Unprocessable

__all__ = ["softened_targets"]

_RULE = "财预〔2020〕10号: targets are compared with history and sector"


async def softened_targets(
    session: AsyncSession, content: Mapping[str, Any], *, framework: Framework, body: DeterminationIn
) -> list[dict[str, Any]]:
    """The softened targets of the terms that a score row names, with the signer's reasons, to be kept with the act.

    Raises TargetsSoftened where a reason is missing that the framework asks for, and Unprocessable where one is given
    for a target that was not softened.
    """
    named = [(UUID(item), digest) for item, digest in content["evidence"]]
    terms = next((each.body for each in await evidence_bodies(session, items=named) if each.kind == "contract"), None)
    _, _, compared = await compared_targets(session, body.contract_id, terms=terms)
    found = [_told(each, body.softened_targets) for each in compared if each.softened is not None]
    unfounded = sorted(body.softened_targets.keys() - {each["indicator_id"] for each in found})
    if unfounded:
        raise Unprocessable(
            "A reason is given for targets that were not softened; leave it out.",
            errors=[
                {"pointer": f"/softened_targets/{each}", "detail": "this target is not softened"} for each in unfounded
            ],
        )
    missing = [each for each in found if each["reason"] is None]
    if missing and framework.softened == REASON:
        raise TargetsSoftened(
            "These targets ask for less than the contract itself did, or than earlier contracts of the service agreed "
            f"and reached: {', '.join(each['name'] for each in missing)}. Say why in `softened_targets`, by "
            "indicator id.",
            targets=[
                {
                    "what": each["indicator_id"],
                    "name": each["name"],
                    "rule": _RULE,
                    "how": f"target {each['target']}, {_beside(each)}; give a reason in softened_targets",
                }
                for each in missing
            ],
        )
    return found


def _beside(told: Mapping[str, Any]) -> str:
    if told["median_result"] is None:
        return f"agreed before: {told['median_target']} {told['unit_before']}"
    return f"{told['against']}: median target {told['median_target']}, median result {told['median_result']}"


def _told(each: Compared, reasons: Mapping[str, str]) -> dict[str, Any]:
    found = each.softened
    assert found is not None  # noqa: S101 - only softened ones are told
    return {
        "indicator_id": each.agreed.indicator_id,
        "name": each.agreed.name,
        "unit": each.agreed.unit,
        "target": f"{each.agreed.target:.6f}",
        "against": found.name,
        "median_target": f"{found.asked:.6f}",
        "median_result": None if found.reached is None else f"{found.reached:.6f}",
        "unit_before": found.unit,
        "reason": reasons.get(each.agreed.indicator_id),
    }
