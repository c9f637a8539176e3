"""Who may do what where: every endpoint of the service against every role, no token, and a foreign region."""

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
from fastapi.routing import APIRoute
from tests.support import ANY_VERSION

from contracts.app import service
from contracts.catalogue.queries import SHIPPED
from contracts.monitoring.service import monitor_month
from contracts.rules.shipped import shipped
from shared.auth import SYSTEM, mint
from shared.ids import new_id
from shared.testing import SIGNING_KEY

ROLES = ("finance", "purchaser", "provider", "evaluator", "auditor", "operator")
PUBLIC = {*ROLES, "public"}
READERS = set(ROLES)
MANAGERS = {"purchaser", "finance"}
SUPERVISORS = {*MANAGERS, "auditor", "operator"}
SUPERVISING = {*MANAGERS, "auditor"}

# Written by hand: whoever adds an endpoint says here who may use it.
ENDPOINTS: dict[tuple[str, str], set[str]] = {
    ("GET", "/v1/regions"): PUBLIC,
    ("GET", "/v1/regions/changes"): PUBLIC,
    ("POST", "/v1/regions/changes"): {"finance", "operator"},
    ("POST", "/v1/regions/counties"): {"finance", "operator"},
    ("GET", "/v1/regions/{code}"): PUBLIC,
    ("GET", "/v1/regions/{code}/totals"): PUBLIC,
    ("GET", "/v1/regions/{code}/participation"): PUBLIC,
    ("GET", "/v1/catalogue"): PUBLIC,
    ("GET", "/v1/catalogue/editions"): PUBLIC,
    ("GET", "/v1/catalogue/diff"): PUBLIC,
    ("POST", "/v1/catalogue/editions"): {"finance", "operator"},
    ("GET", "/v1/catalogue/editions/{edition_id}"): PUBLIC,
    ("PUT", "/v1/catalogue/editions/{edition_id}/items"): {"finance", "operator"},
    ("POST", "/v1/catalogue/editions/{edition_id}/approve"): {"finance", "operator"},
    ("POST", "/v1/organisations"): {"finance", "purchaser", "operator"},
    ("POST", "/v1/organisations:bulk"): {"finance", "purchaser", "operator"},
    ("GET", "/v1/organisations"): PUBLIC,
    ("GET", "/v1/organisations/{organisation_id}"): PUBLIC,
    ("POST", "/v1/organisations:individual"): {"finance", "purchaser", "operator"},
    ("GET", "/v1/organisations:check"): PUBLIC,
    ("GET", "/v1/organisations/{organisation_id}/eligibility"): PUBLIC,
    ("POST", "/v1/organisations/{organisation_id}/successions"): {"finance", "operator"},
    ("GET", "/v1/organisations/{organisation_id}/successions"): PUBLIC,
    ("POST", "/v1/organisations/{organisation_id}/successions/{succession_id}/track-record"): {"finance", "operator"},
    ("GET", "/v1/organisations/{organisation_id}/record"): PUBLIC,
    ("GET", "/v1/organisations/{organisation_id}/record/contracts"): PUBLIC,
    ("GET", "/v1/rules"): PUBLIC,
    ("GET", "/v1/rules/diff"): PUBLIC,
    ("GET", "/v1/rules/{rule_set_id}"): PUBLIC,
    ("POST", "/v1/rules"): {"finance", "operator"},
    ("POST", "/v1/rules:validate"): {"finance", "operator"},
    ("POST", "/v1/rules/{rule_set_id}/approve"): {"finance", "operator"},
    ("POST", "/v1/rules/{rule_set_id}/confirmations"): {"finance", "operator"},
    ("POST", "/v1/rules/{rule_set_id}/confirmations:withdraw"): {"finance", "operator"},
    ("GET", "/v1/policies/{region}"): READERS,
    ("GET", "/v1/policies/{region}/history"): READERS,
    ("PUT", "/v1/policies/{region}"): {"finance", "operator"},
    ("POST", "/v1/policies/{region}/decide"): {"finance", "operator"},
    ("POST", "/v1/acts"): MANAGERS,
    ("POST", "/v1/acts:bulk"): MANAGERS,
    ("GET", "/v1/acts"): SUPERVISORS,
    ("GET", "/v1/acts/{act_id}"): SUPERVISORS,
    ("POST", "/v1/acts/{act_id}/review"): MANAGERS,
    ("POST", "/v1/acts/{act_id}/sign"): MANAGERS,
    ("POST", "/v1/acts/{act_id}/return"): MANAGERS,
    ("POST", "/v1/acts/{act_id}/resubmit"): MANAGERS,
    ("POST", "/v1/acts/{act_id}/withdraw"): MANAGERS,
    ("POST", "/v1/handovers"): {*MANAGERS, "operator"},
    ("GET", "/v1/handovers"): {"finance", "auditor", "operator"},
    ("POST", "/v1/deputies"): {*MANAGERS, "operator"},
    ("GET", "/v1/deputies"): SUPERVISORS,
    ("POST", "/v1/deputies/{deputy_id}/revoke"): {*MANAGERS, "operator"},
    ("POST", "/v1/contracts/{contract_id}/responsibilities"): MANAGERS,
    ("GET", "/v1/contracts/{contract_id}/responsibilities"): SUPERVISORS,
    ("GET", "/v1/corrections/fields"): READERS,
    ("GET", "/v1/corrections"): SUPERVISORS,
    ("POST", "/v1/corrections:bulk"): MANAGERS,
    ("POST", "/v1/corrections:approve"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/corrections"): MANAGERS,
    ("GET", "/v1/contracts/{contract_id}/corrections"): READERS,
    ("POST", "/v1/contracts/{contract_id}/corrections/{correction_id}/approve"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/corrections/{correction_id}/reject"): MANAGERS,
    ("GET", "/v1/contracts/{contract_id}/rules"): READERS,
    ("POST", "/v1/contracts/{contract_id}/overrides"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/overrides/{override_id}/approve"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/publications"): MANAGERS,
    ("GET", "/v1/contracts/{contract_id}/publications"): READERS,
    ("GET", "/v1/contracts/{contract_id}/flags"): {"finance", "purchaser", "auditor", "operator"},
    ("GET", "/v1/flags"): {"finance", "purchaser", "auditor", "operator"},
    ("POST", "/v1/contracts"): MANAGERS,
    ("POST", "/v1/contracts:bulk"): MANAGERS,
    ("GET", "/v1/contracts"): READERS,
    ("GET", "/v1/contracts/{contract_id}"): READERS,
    ("PATCH", "/v1/contracts/{contract_id}"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/submit"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/return"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/activate"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/suspend"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/resume"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/complete"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/terminate"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/cancel"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/milestones/{milestone_id}/report"): {*MANAGERS, "provider"},
    ("GET", "/v1/contracts/{contract_id}/history"): READERS,
    ("POST", "/v1/contracts/{contract_id}/observations/combined"): {"purchaser", "provider", "finance"},
    ("POST", "/v1/contracts/{contract_id}/observations"): {*MANAGERS, "provider"},
    ("GET", "/v1/contracts/{contract_id}/observations"): READERS,
    ("PUT", "/v1/contracts/{contract_id}/structure"): MANAGERS,
    ("GET", "/v1/contracts/{contract_id}/confirmations"): READERS,
    ("POST", "/v1/contracts/{contract_id}/confirm"): {*MANAGERS, "provider"},
    ("POST", "/v1/contracts/{contract_id}/confirm:withdraw"): {*MANAGERS, "provider"},
    ("GET", "/v1/contracts/{contract_id}/call-offs"): READERS,
    ("POST", "/v1/contracts/{contract_id}/ledger"): MANAGERS,
    ("GET", "/v1/contracts/{contract_id}/ledger"): READERS,
    ("GET", "/v1/contracts/{contract_id}/balances"): READERS,
    ("POST", "/v1/budget-projects"): MANAGERS,
    ("POST", "/v1/budget-projects:bulk"): MANAGERS,
    ("GET", "/v1/budget-projects"): SUPERVISORS,
    ("GET", "/v1/budget-projects/{project_id}"): SUPERVISORS,
    ("POST", "/v1/budget-projects/{project_id}/adjust"): MANAGERS,
    ("GET", "/v1/budget-projects/{project_id}/adjustments"): SUPERVISORS,
    ("GET", "/v1/budget-projects/{project_id}/shares"): SUPERVISORS,
    ("PUT", "/v1/contracts/{contract_id}/payment-terms"): MANAGERS,
    ("GET", "/v1/contracts/{contract_id}/payment-terms"): READERS,
    ("GET", "/v1/contracts/{contract_id}/dues"): READERS,
    ("POST", "/v1/contracts/{contract_id}/dues/interest"): MANAGERS,
    ("GET", "/v1/organisations/{organisation_id}/overdue-payments"): SUPERVISORS,
    ("GET", "/v1/contracts/{contract_id}/monitoring"): READERS,
    ("GET", "/v1/monitoring/alerts"): SUPERVISORS,
    ("POST", "/v1/monitoring/alerts/{alert_id}/decide"): MANAGERS,
    ("GET", "/v1/working-days"): PUBLIC,
    ("PUT", "/v1/working-days/{day}"): {"operator"},
    ("POST", "/v1/vouchers/files"): {"finance", "operator"},
    ("POST", "/v1/vouchers:rematch"): {"finance", "operator"},
    ("GET", "/v1/vouchers"): SUPERVISORS,
    ("GET", "/v1/vouchers/unproved"): SUPERVISORS,
    ("GET", "/v1/vouchers/reconciliation"): SUPERVISORS,
    ("GET", "/v1/vouchers/{voucher_id}"): SUPERVISORS,
    ("POST", "/v1/vouchers/{voucher_id}/match"): {"finance"},
    ("POST", "/v1/vouchers/{voucher_id}/book"): {"finance"},
    ("POST", "/v1/vouchers/{voucher_id}/dismiss"): {"finance"},
    ("POST", "/v1/vouchers/{voucher_id}/reopen"): {"finance"},
    ("POST", "/v1/vouchers/{voucher_id}/unmatch"): {"finance"},
    ("POST", "/v1/vouchers/{voucher_id}/unmatch/approve"): {"finance"},
    ("POST", "/v1/vouchers/{voucher_id}/unmatch/reject"): {"finance"},
    ("GET", "/v1/vouchers/{voucher_id}/unmatchings"): SUPERVISORS,
    ("POST", "/v1/contracts/{contract_id}/acceptances"): MANAGERS,
    ("GET", "/v1/contracts/{contract_id}/acceptances"): READERS,
    ("GET", "/v1/amendments/reasons"): PUBLIC,
    ("POST", "/v1/contracts/{contract_id}/amendments"): {*MANAGERS, "provider"},
    ("GET", "/v1/contracts/{contract_id}/amendments"): READERS,
    ("POST", "/v1/contracts/{contract_id}/amendments/{amendment_id}/confirm"): {*MANAGERS, "provider"},
    ("POST", "/v1/contracts/{contract_id}/amendments/{amendment_id}/withdraw"): {*MANAGERS, "provider"},
    ("POST", "/v1/contracts/{contract_id}/subcontracts"): {*MANAGERS, "provider"},
    ("GET", "/v1/contracts/{contract_id}/subcontracts"): READERS,
    ("POST", "/v1/contracts/{contract_id}/subcontracts/{subcontract_id}/consent"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/subcontracts/{subcontract_id}/refuse"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/subcontracts/{subcontract_id}/end"): {*MANAGERS, "provider"},
    ("POST", "/v1/contracts/{contract_id}/documents"): {*MANAGERS, "provider"},
    ("GET", "/v1/contracts/{contract_id}/documents"): READERS,
    ("PUT", "/v1/contracts/{contract_id}/documents/{document_id}/content"): {*MANAGERS, "provider"},
    ("GET", "/v1/contracts/{contract_id}/documents/{document_id}/content"): READERS,
    ("POST", "/v1/contracts/{contract_id}/documents/{document_id}/stored"): {*MANAGERS, "provider"},
    ("POST", "/v1/contracts/{contract_id}/documents/{document_id}/withdraw"): {*MANAGERS, "provider"},
    ("POST", "/v1/contracts/{contract_id}/failures"): MANAGERS,
    ("GET", "/v1/contracts/{contract_id}/failures"): READERS,
    ("POST", "/v1/contracts/{contract_id}/failures/{failure_id}/penalties"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/failures/{failure_id}/withdraw"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/settlement"): {*MANAGERS, "provider"},
    ("GET", "/v1/contracts/{contract_id}/settlement"): READERS,
    ("POST", "/v1/contracts/{contract_id}/settlement/confirm"): {*MANAGERS, "provider"},
    ("POST", "/v1/contracts/{contract_id}/settlement/order"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/settlement/settle"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/settlement/withdraw"): {*MANAGERS, "provider"},
    ("POST", "/v1/contracts/{contract_id}/inspections"): SUPERVISING,
    ("GET", "/v1/contracts/{contract_id}/inspections"): READERS,
    ("GET", "/v1/inspections/{inspection_id}"): READERS,
    ("POST", "/v1/inspections/{inspection_id}/visit"): SUPERVISING,
    ("POST", "/v1/inspections/{inspection_id}/cancel"): SUPERVISING,
    ("GET", "/v1/contracts/{contract_id}/supervision"): READERS - {"evaluator"},
    ("POST", "/v1/contracts/{contract_id}/findings"): SUPERVISING,
    ("GET", "/v1/contracts/{contract_id}/findings"): READERS - {"evaluator"},
    ("GET", "/v1/findings"): SUPERVISORS,
    ("GET", "/v1/findings/statistics"): SUPERVISORS,
    ("GET", "/v1/findings/{finding_id}"): READERS - {"evaluator"},
    ("POST", "/v1/findings/{finding_id}/report"): {"purchaser", "provider"},
    ("POST", "/v1/findings/{finding_id}/appeal"): {"purchaser", "provider"},
    ("POST", "/v1/findings/{finding_id}/posts"): {*SUPERVISING, "provider"},
    ("POST", "/v1/findings/{finding_id}/resolve"): SUPERVISING,
    ("POST", "/v1/findings/{finding_id}/effects"): SUPERVISING,
    ("POST", "/v1/findings/{finding_id}/liability"): SUPERVISING,
    ("POST", "/v1/findings/{finding_id}/complete"): SUPERVISING,
    ("POST", "/v1/findings/{finding_id}/close"): SUPERVISING,
    ("POST", "/v1/findings/{finding_id}/resume"): SUPERVISING,
    ("POST", "/v1/findings/{finding_id}/activate"): SUPERVISING,
    ("POST", "/v1/findings/{finding_id}/cancel"): SUPERVISING,
    ("POST", "/v1/findings/{finding_id}/conclude"): SUPERVISING,
    ("POST", "/v1/findings/{finding_id}/stop"): SUPERVISING,
    ("GET", "/v1/contracts/{contract_id}/obligations"): READERS,
    ("POST", "/v1/contracts/{contract_id}/obligations/{obligation_id}/proof"): {*MANAGERS, "provider", "evaluator"},
    ("POST", "/v1/contracts/{contract_id}/obligations/{obligation_id}/waiver"): MANAGERS,
    ("POST", "/v1/contracts/{contract_id}/obligations/{obligation_id}/waiver/approve"): MANAGERS,
    ("GET", "/v1/public/contracts/{published_id}/obligations"): PUBLIC,
    ("GET", "/v1/organisations/{organisation_id}/todo"): READERS,
    ("GET", "/v1/organisations/{organisation_id}/calendars"): READERS,
    ("POST", "/v1/organisations/{organisation_id}/calendars"): READERS,
    ("POST", "/v1/organisations/{organisation_id}/calendars/{calendar_id}/revoke"): READERS,
    ("GET", "/v1/regions/{code}/todo"): {"finance", "auditor", "operator"},
    ("GET", "/v1/regions/{code}/calendars"): {"finance", "auditor", "operator"},
    ("POST", "/v1/regions/{code}/calendars"): {"finance", "auditor", "operator"},
    ("POST", "/v1/regions/{code}/calendars/{feed_id}/revoke"): {"finance", "auditor", "operator"},
    ("GET", "/v1/calendars/{secret}.ics"): PUBLIC,
    ("GET", "/v1/disclosure/levels"): PUBLIC,
    ("GET", "/v1/disclosure/words"): SUPERVISORS,
    ("GET", "/v1/disclosure/marks"): SUPERVISORS,
    ("GET", "/v1/contracts/{contract_id}/disclosure"): SUPERVISORS,
    ("POST", "/v1/contracts/{contract_id}/disclosure"): {*MANAGERS, "operator"},
    ("POST", "/v1/contracts/{contract_id}/disclosure/{mark_id}/review"): {*MANAGERS, "operator"},
    ("POST", "/v1/contracts/{contract_id}/disclosure/{mark_id}/end"): {*MANAGERS, "operator"},
    ("GET", "/v1/retention"): {"finance", "auditor", "operator"},
    ("POST", "/v1/retention/periods"): {"finance", "operator"},
    ("POST", "/v1/retention/periods/{period_id}/confirm"): {"finance", "operator"},
    ("GET", "/v1/retention/due"): {"finance", "auditor", "operator"},
    ("GET", "/v1/retention/erasures"): {"finance", "auditor", "operator"},
    ("GET", "/v1/contracts/{contract_id}/holds"): SUPERVISORS,
    ("POST", "/v1/contracts/{contract_id}/holds"): {"finance", "auditor", "operator"},
    ("POST", "/v1/contracts/{contract_id}/holds/{hold_id}/release"): {"finance", "auditor", "operator"},
    ("GET", "/v1/campaigns/requirements"): SUPERVISORS,
    ("POST", "/v1/campaigns"): {"finance", "operator"},
    ("GET", "/v1/campaigns"): SUPERVISORS,
    ("GET", "/v1/campaigns/{campaign_id}"): SUPERVISORS,
    ("GET", "/v1/campaigns/{campaign_id}/returns"): SUPERVISORS,
    ("GET", "/v1/campaigns/{campaign_id}/returns/{return_id}"): SUPERVISORS,
    ("GET", "/v1/campaigns/{campaign_id}/returns/{return_id}/contracts"): SUPERVISORS,
    ("POST", "/v1/campaigns/{campaign_id}/extend"): {"finance", "operator"},
    ("POST", "/v1/campaigns/{campaign_id}/returns/{return_id}/extend"): {"finance", "operator"},
    ("POST", "/v1/campaigns/{campaign_id}/returns/{return_id}/submit"): MANAGERS,
    ("POST", "/v1/campaigns/{campaign_id}/returns:submit"): MANAGERS,
    ("POST", "/v1/campaigns/{campaign_id}/returns/{return_id}/send-back"): {"finance", "operator"},
    ("GET", "/v1/campaigns/{campaign_id}/reminders"): SUPERVISORS,
    ("GET", "/v1/campaigns/{campaign_id}/roll-up"): SUPERVISORS,
    ("GET", "/v1/campaigns/{campaign_id}/roll-up.csv"): SUPERVISORS,
    ("POST", "/v1/campaigns/{campaign_id}/lock"): {"finance", "operator"},
    ("POST", "/v1/imports/ocds"): {"finance", "purchaser", "operator"},
    ("GET", "/v1/imports/nouns/{noun}"): READERS,
    ("GET", "/v1/imports/templates/{filename}"): READERS,
    ("GET", "/v1/imports/mappings"): SUPERVISORS,
    ("GET", "/v1/imports/mappings/{name}"): SUPERVISORS,
    ("PUT", "/v1/imports/mappings/{name}"): {"finance", "purchaser", "operator"},
    ("POST", "/v1/imports/tables"): {"finance", "purchaser", "operator"},
    ("GET", "/v1/imports/tables"): SUPERVISORS,
    ("GET", "/v1/imports/tables/{import_id}"): SUPERVISORS,
    ("PUT", "/v1/imports/tables/{import_id}/parts/{number}"): {"finance", "purchaser", "operator"},
    ("POST", "/v1/imports/tables/{import_id}/run"): {"finance", "purchaser", "operator"},
    ("POST", "/v1/imports/tables/{import_id}/undo"): {"finance", "purchaser", "operator"},
    ("GET", "/v1/imports/tables/{import_id}/rows"): SUPERVISORS,
    ("GET", "/v1/imports/tables/{import_id}/report.csv"): SUPERVISORS,
    ("GET", "/v1/imports/gaps"): SUPERVISORS,
    ("POST", "/v1/contracts/{contract_id}/not-evaluable"): MANAGERS,
    ("DELETE", "/v1/contracts/{contract_id}/not-evaluable"): MANAGERS,
    ("GET", "/v1/contracts/{contract_id}/evaluation-reports"): READERS,
    # A provider's token without an organisation is answered, with what everybody may see (test_contract_results.py).
    ("GET", "/v1/contracts/{contract_id}/results"): READERS - {"evaluator"},
    ("GET", "/v1/ocds/releases"): PUBLIC,
    ("GET", "/v1/ocds/records/{ocid:path}"): PUBLIC,
    ("GET", "/v1/ocds/releases.ndjson"): PUBLIC,
    ("GET", "/v1/ocds/records.ndjson"): PUBLIC,
    ("GET", "/v1/ocds/extensions/evaluation/{name}"): PUBLIC,
    ("GET", "/v1/changes"): PUBLIC,
}


def served() -> Iterator[tuple[str, str]]:
    for router in service.routers:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            yield from ((method, route.path) for method in route.methods or ())


def test_the_table_names_every_endpoint_of_the_service() -> None:
    assert sorted(served()) == sorted(ENDPOINTS)


# What an endpoint wants in its query.
QUERIES = {
    "/v1/organisations:check": "?uscc=91110000600037341L",
    "/v1/catalogue/diff": f"?from={SHIPPED.id}&to={SHIPPED.id}",
    "/v1/rules/diff": "?from=ocds&to=cn-2020",
    "/v1/working-days": "?year=2025",
    "/v1/vouchers/unproved": "?region=CN-230102&month=2025-07-01",
    "/v1/retention/due": "?noun=records",
    "/v1/imports/gaps": "?region=CN-23",
    "/v1/vouchers/reconciliation": "?region=CN-230102&year=2025",
}


OWN_RULES = shipped()["ocds@1.0.0"].document | {"id": "matrix", "scope": "CN-23"}
RULE_BODIES: dict[str, dict[str, Any]] = {
    "/v1/rules": OWN_RULES,
    "/v1/rules:validate": OWN_RULES,
    "/v1/rules/{rule_set_id}/approve": {"version": "1.0.0", "basis": "simulated"},
    "/v1/rules/{rule_set_id}/confirmations": {
        "version": "1.0.0",
        "rules": ["term-limit"],
        "scope": "CN-23",
        "person": "simulated",
        "basis": "simulated",
    },
    "/v1/rules/{rule_set_id}/confirmations:withdraw": {
        "version": "1.0.0",
        "rules": ["term-limit"],
        "scope": "CN-23",
        "reason": "x",
    },
    "/v1/contracts/{contract_id}/overrides": {"rule": "mandatory-terms", "reason": "x"},
    "/v1/contracts/{contract_id}/publications": {"kind": "contract", "published_on": "2025-06-30"},
}


class World:
    """A contract in force, and a body for every endpoint that wants one."""

    def __init__(self, contracts: Any, contract: dict[str, Any], terms: dict[str, Any]) -> None:
        self.contracts = contracts
        self.contract = contract
        self.terms = terms
        self.numbers = itertools.count(1)
        self.succession_id = ""
        self.override_id = ""
        self.project_id = ""
        self.alert_id = ""
        self.voucher_id = ""
        self.amendment_id = self.subcontract_id = self.document_id = self.failure_id = ""
        self.subcontractor_id = ""
        self.inspection_id = ""
        self.finding_id = ""
        self.obligation_id = ""
        self.calendar_id = ""
        self.feed_id = ""
        self.secret = ""
        self.mark_id = self.hold_id = self.period_id = self.campaign_id = self.return_id = ""
        self.days = itertools.count(1)
        self.act_id = self.deputy_id = self.correction_id = ""
        self.import_id = ""

    def path(self, template: str) -> str:
        return template.replace(":path}", "}").format(
            ocid=f"ocds-xxxxxx-{self.contract['contract_id']}",
            name="extension.json",
            contract_id=self.contract["contract_id"],
            milestone_id=self.contract["milestones"][0]["milestone_id"],
            organisation_id=self.contract["purchaser"]["organisation_id"],
            succession_id=self.succession_id,
            edition_id=SHIPPED.id,
            code="CN-23",
            rule_set_id="cn-2020",
            override_id=self.override_id,
            project_id=self.project_id,
            alert_id=self.alert_id,
            voucher_id=self.voucher_id,
            amendment_id=self.amendment_id,
            subcontract_id=self.subcontract_id,
            document_id=self.document_id,
            failure_id=self.failure_id,
            inspection_id=self.inspection_id,
            finding_id=self.finding_id,
            obligation_id=self.obligation_id,
            calendar_id=self.calendar_id,
            feed_id=self.feed_id,
            secret=self.secret,
            published_id=self.contract["contract_id"],
            mark_id=self.mark_id,
            hold_id=self.hold_id,
            period_id=self.period_id,
            campaign_id=self.campaign_id,
            return_id=self.return_id,
            act_id=self.act_id,
            deputy_id=self.deputy_id,
            correction_id=self.correction_id,
            import_id=self.import_id,
            number=1,
            noun="payments",
            filename="payments.csv",
            region="CN-23",
            day="2025-10-01",
        ) + QUERIES.get(template, "")

    def register_body(self, template: str) -> dict[str, Any] | None:
        """What the endpoints of regions, catalogue and successions want."""
        number = next(self.numbers)
        dated = {"effective_on": "2025-06-30", "document": "simulated"}
        item = {"code": "A01", "name": "公共安全服务"}
        bodies: dict[str, dict[str, Any]] = {
            "/v1/regions/counties": {"document": "x", "items": [{"code": "CN-230102", "name": "道里区"}]},
            "/v1/regions/changes": dated | {"kind": "retirement", "code": f"CN-23{90 + number % 9}{number % 90 + 10}"},
            "/v1/catalogue/editions": {
                "jurisdiction": "CN-23",
                "edition": str(number),
                "in_force_on": "2030-01-01",
                "source": "simulated",
                "items": [item],
            },
            "/v1/catalogue/editions/{edition_id}/items": {"items": [item]},
            "/v1/organisations:individual": {"document": "other", "number": f"TEST-{number}", "simulated": True},
            "/v1/organisations/{organisation_id}/successions": dated | {"kind": "rename", "name": f"某局 {number}"},
            "/v1/organisations/{organisation_id}/successions/{succession_id}/track-record": {
                "successor_id": self.contract["provider"]["organisation_id"],
                "carries": True,
                "reason": "x",
                "document": "simulated",
            },
        }
        return bodies.get(template)

    def money_body(self, template: str) -> dict[str, Any] | None:
        """What the endpoints of budget projects, payment terms, monitoring and vouchers want."""
        number = next(self.numbers)
        project = {
            "region": "CN-230102",
            "unit_id": self.contract["purchaser"]["organisation_id"],
            "code": f"P-{number}",
            "name": "项目（模拟）",
            "year": 2025,
            "initial_amount": "1000.00",
        }
        month = {"region": "CN-230102", "source": "treasury", "month": "2025-07-01"}
        line = {"number": f"V-{number}", "amount": "1.00", "paid_on": "2025-07-02"}
        bodies: dict[str, dict[str, Any]] = {
            "/v1/budget-projects": project,
            "/v1/budget-projects:bulk": {"items": [project]},
            "/v1/budget-projects/{project_id}/adjust": {"full_year_amount": f"{number}.00", "reason": "x"},
            "/v1/contracts/{contract_id}/payment-terms": {"small_enterprise": True},
            "/v1/monitoring/alerts/{alert_id}/decide": {"decision": "continue", "reason": "x"},
            "/v1/working-days/{day}": {"working": False, "note": "国庆节（模拟）"},
            "/v1/vouchers/files": month | {"total": "1.00", "lines": [line]},
            "/v1/vouchers:rematch": month,
            "/v1/vouchers/{voucher_id}/match": {"entry_ids": [str(new_id())]},
            "/v1/vouchers/{voucher_id}/book": {"contract_id": self.contract["contract_id"]},
            "/v1/vouchers/{voucher_id}/dismiss": {"reason": "x"},
            "/v1/vouchers/{voucher_id}/reopen": {"reason": "x"},
            "/v1/vouchers/{voucher_id}/unmatch": {"reason": "x"},
            "/v1/vouchers/{voucher_id}/unmatch/reject": {"reason": "x"},
        }
        return bodies.get(template)

    def year_body(self, template: str) -> dict[str, Any] | None:
        """What the endpoints of disclosure, retention, holds and campaigns want."""
        contract, campaign = "/v1/contracts/{contract_id}", "/v1/campaigns/{campaign_id}"
        later = (date(2026, 3, 31) + timedelta(days=next(self.days) if "/extend" in template else 0)).isoformat()
        dates = {"opens_on": "2026-01-01", "due_on": "2026-03-31"}
        bodies: dict[str, dict[str, Any]] = {
            f"{contract}/disclosure": {
                "subject": "field",
                "field": "externalIds",
                "level": "internal",
                "basis": "simulated",
            },
            f"{contract}/disclosure/{{mark_id}}/end": {"reason": "x"},
            f"{contract}/holds": {"kind": "order", "reason": "simulated"},
            f"{contract}/holds/{{hold_id}}/release": {"reason": "x"},
            "/v1/retention/periods": {"scope": "CN-23", "noun": "freeText", "years": 3, "basis": "simulated"},
            "/v1/campaigns": dates | {"region": "CN-23", "year": 2025, "title": "x", "simulated": True},
            f"{campaign}/extend": {"due_on": later, "reason": "x"},
            f"{campaign}/returns/{{return_id}}/extend": {"due_on": later, "reason": "x"},
            f"{campaign}/returns/{{return_id}}/submit": {"reason": "x"},
            f"{campaign}/returns:submit": {"items": [{"return_id": self.return_id or str(new_id()), "reason": "x"}]},
            f"{campaign}/returns/{{return_id}}/send-back": {"reason": "x"},
        }
        return bodies.get(template)

    def table_body(self, template: str) -> dict[str, Any] | None:
        """What the endpoints of imports of tables want."""
        tables = "/v1/imports/tables"
        announced = {"noun": "payments", "source": "simulated", "filename": "x.csv", "region": "CN-230102"}
        bodies: dict[str, dict[str, Any]] = {
            tables: announced | {"simulated": True},
            f"{tables}/{{import_id}}/parts/{{number}}": {"no": "table"},
            f"{tables}/{{import_id}}/run": {"dry_run": True},
            "/v1/imports/mappings/{name}": {"noun": "payments", "mapping": {}},
            "/v1/contracts/{contract_id}/not-evaluable": {"reason": "x"},
        }
        return bodies.get(template)

    async def record_tables(self) -> None:
        """An import and a kept mapping to name in paths."""
        staff = self.contracts
        self.import_id = (await staff.post("/imports/tables", self.table_body("/v1/imports/tables"), expect=201))["id"]
        mapping = "/v1/imports/mappings/{name}"
        kept = await staff.staff.put(self.path(mapping), json=self.table_body(mapping))
        assert kept.status_code == 201

    async def record_year(self) -> None:
        """A mark, a hold, a period and a campaign with its return to name in paths."""
        contract, post = "/v1/contracts/{contract_id}", self.contracts.post
        made = {}
        for template in (f"{contract}/disclosure", f"{contract}/holds", "/v1/retention/periods", "/v1/campaigns"):
            made[template] = (await post(self.path(template)[3:], self.year_body(template), expect=201))["id"]
        self.mark_id, self.hold_id, self.period_id, self.campaign_id = made.values()
        owed = await self.contracts.get(f"/campaigns/{self.campaign_id}/returns")
        self.return_id = owed["items"][0]["id"]

    def act_body(self, template: str) -> dict[str, Any] | None:
        """What the endpoints of settings, acts, deputies and corrections want."""
        contract_id = self.contract["contract_id"]
        correction = {"field": "tenderers", "old": None, "new": 3, "reason": "x", "proof_sha256": "a" * 64}
        days = {"starts_on": "2099-01-01", "ends_on": "2099-01-31"}
        bodies: dict[str, dict[str, Any]] = {
            "/v1/policies/{region}": {"acts": [], "basis": "simulated"},
            "/v1/policies/{region}/decide": {"version": 1, "approve": True},
            "/v1/acts": {"action": "suspend", "contract_id": contract_id, "body": {"reason": "x"}},
            "/v1/acts:bulk": {"step": "review", "ids": [self.act_id]},
            "/v1/acts/{act_id}/return": {"reason": "x"},
            "/v1/acts/{act_id}/withdraw": {"reason": "x"},
            "/v1/handovers": {"region": "CN-23", "from_subject": "test-client", "to_subject": "y", "reason": "x"},
            "/v1/deputies": {"deputy": "y", "region": "CN-23", "actions": ["suspend"], "reason": "x"} | days,
            "/v1/deputies/{deputy_id}/revoke": {"reason": "x"},
            "/v1/contracts/{contract_id}/responsibilities": {"duty": "signer", "subject": "y"},
            "/v1/contracts/{contract_id}/corrections": correction,
            "/v1/contracts/{contract_id}/corrections/{correction_id}/reject": {"reason": "x"},
            "/v1/corrections:bulk": {"items": [correction | {"contract_id": contract_id}]},
            "/v1/corrections:approve": {"ids": [self.correction_id]},
        }
        return bodies.get(template)

    async def record_acts(self) -> None:
        """A deputy, an act and a correction to name in paths."""
        post = self.contracts.post
        self.deputy_id = (await post("/deputies", self.act_body("/v1/deputies"), expect=201))["id"]
        self.act_id = (await post("/acts", self.act_body("/v1/acts"), expect=201))["id"]
        template = "/v1/contracts/{contract_id}/corrections"
        asked = await post(self.path(template)[3:], self.act_body(template), expect=201)
        self.correction_id = asked["id"]

    def implementation_body(self, template: str) -> dict[str, Any] | None:
        """What the endpoints of amendments, subcontracts, documents, failures and settlements want."""
        contract = "/v1/contracts/{contract_id}"
        reason = {"reason": "x"}
        text = {"term": "quality", "before": "", "after": "x"}
        penalty = {"kind": "penalty", "amount": "0.01", "booked_on": "2025-06-30"}
        part = {"subcontractor_id": self.subcontractor_id, "title": "x", "value": "0.01"}
        amendment = {"reason_code": "clericalCorrection", "rationale": "x", "amended_on": "2025-06-30", "texts": [text]}
        bodies: dict[str, dict[str, Any]] = {
            "/amendments": amendment,
            "/amendments/{amendment_id}/confirm": {"side": "provider"},
            "/amendments/{amendment_id}/withdraw": reason,
            "/subcontracts": part,
            "/subcontracts/{subcontract_id}/refuse": reason,
            "/subcontracts/{subcontract_id}/end": reason,
            "/documents": {"document_type": "contractSigned", "title": "x", "sha256": "a" * 64},
            "/documents/{document_id}/withdraw": reason,
            "/failures": {"category": "quality", "description": "x", "starts_on": "2025-06-30"},
            "/failures/{failure_id}/penalties": penalty,
            "/failures/{failure_id}/withdraw": reason,
            "/settlement": {"ground": "other", "fault": "none", "reason": "x"},
            "/settlement/confirm": {"side": "provider"},
            "/settlement/order": reason | {"document_sha256": "a" * 64},
            "/settlement/withdraw": reason,
        }
        return bodies.get(template.removeprefix(contract)) if template.startswith(contract) else None

    async def record_implementation(self) -> None:
        """An amendment, a subcontract, a document and a failure to name in paths."""
        self.subcontractor_id = await self.contracts.organisation("provider")
        for noun in ("amendment", "subcontract", "document", "failure"):
            path = f"/v1/contracts/{{contract_id}}/{noun}s"
            made = await self.contracts.post(self.path(path)[3:], self.implementation_body(path), expect=201)
            setattr(self, f"{noun}_id", made["id"])

    async def record_money(self) -> None:
        """A budget project, a voucher and an alert to name in paths."""
        staff = self.contracts
        self.project_id = (await staff.post("/budget-projects", self.money_body("/v1/budget-projects"), expect=201))[
            "id"
        ]
        await staff.post("/vouchers/files", self.money_body("/v1/vouchers/files"), expect=201)
        self.voucher_id = (await staff.get("/vouchers"))["items"][0]["id"]
        async with staff.database.transaction(principal=SYSTEM) as session:
            await monitor_month(session, month=date(2025, 6, 1), after=UUID(int=0), limit=10)
        self.alert_id = (await staff.get("/monitoring/alerts"))["items"][0]["id"]

    def supervision_body(self, template: str) -> dict[str, Any] | None:
        """What the endpoints of inspections, findings, rights and duties want."""
        document = {"sha256": "a" * 64, "title": "x"}
        point = {"code": "a", "text": "x"}
        plan = {"title": "x", "planned_on": "2099-01-05", "inspectors": [{"role": "x"}], "checklist": [point]}
        visit = {"visited_on": "2025-06-30", "results": [{"code": "a", "result": "met"}], "summary": "x"}
        words = {"words": "x", "document": document}
        found = {"violations": [{"type": "other", "text": "x"}], "demand": "x"}
        findings = "/v1/findings/{finding_id}"
        duty = "/v1/contracts/{contract_id}/obligations/{obligation_id}"
        bodies: dict[str, dict[str, Any]] = {
            "/v1/contracts/{contract_id}/inspections": plan,
            "/v1/inspections/{inspection_id}/visit": visit | {"documents": [document]},
            "/v1/inspections/{inspection_id}/cancel": {"reason": "x"},
            "/v1/contracts/{contract_id}/findings": {"reason": "public", "responsible": "provider", "demand": "x"},
            f"{findings}/report": words,
            f"{findings}/appeal": {"proceeding": "x"},
            f"{findings}/posts": {"words": "x"},
            f"{findings}/resolve": words | {"results": ["eliminated"]},
            f"{findings}/effects": {"kind": "renewal", "decision": "renew", "reason": "x"},
            f"{findings}/liability": {"report_number": "1"},
            f"{findings}/conclude": words | found,
            **{f"{findings}/{act}": {"reason": "x"} for act in ("complete", "close", "resume", "activate", "cancel")},
            f"{findings}/stop": {"reason": "x"},
            f"{duty}/proof": {"done_on": "2025-06-30", "note": "x", "document_sha256": "a" * 64},
            f"{duty}/waiver": {"reason": "x"},
            "/v1/organisations/{organisation_id}/calendars": {"language": "zh"},
        }
        return bodies.get(template)

    async def record_supervision(self) -> None:
        """An inspection, an active finding, a duty with a waiver that was asked for, and calendars to name in paths."""
        staff, contract = self.contracts, f"/contracts/{self.contract['contract_id']}"
        plan = self.supervision_body("/v1/contracts/{contract_id}/inspections")
        self.inspection_id = (await staff.post(f"{contract}/inspections", plan, expect=201))["id"]
        finding = self.supervision_body("/v1/contracts/{contract_id}/findings")
        self.finding_id = (await staff.post(f"{contract}/findings", finding, expect=201))["id"]
        await staff.post(f"/findings/{self.finding_id}/activate", {"reason": "x"})
        duties = (await staff.get(f"{contract}/obligations"))["items"]
        self.obligation_id = next(duty["obligation_id"] for duty in duties if duty["code"] == "provider-ledger")
        asker = staff.client.as_("purchaser", subject="asker")
        await asker.post(f"/v1{contract}/obligations/{self.obligation_id}/waiver", json={"reason": "x"})
        calendars = f"/organisations/{self.contract['purchaser']['organisation_id']}/calendars"
        self.calendar_id = (await staff.post(calendars, {}, expect=201))["id"]
        self.feed_id = (await staff.post("/regions/CN-23/calendars", {}, expect=201))["id"]
        made = await staff.post(calendars, {}, expect=201)
        self.secret = made["path"].rsplit("/", 1)[1].removesuffix(".ics")

    def body(self, method: str, template: str) -> dict[str, Any] | None:
        organisation = {"name": "某组织", "roles": ["purchaser"]}
        number = next(self.numbers)
        for group in (
            self.register_body,
            self.money_body,
            self.implementation_body,
            self.act_body,
            self.year_body,
            self.table_body,
            self.supervision_body,
        ):
            if method in ("POST", "PUT") and (wanted := group(template)) is not None:
                return wanted
        if method == "POST" and template in RULE_BODIES:
            return RULE_BODIES[template]
        bodies: dict[str, dict[str, Any]] = {
            "organisations": organisation,
            "organisations:bulk": {"items": [organisation | {"external_id": {"source": "m", "id": str(number)}}]},
            "contracts": self.terms,
            "contracts:bulk": {"items": [self.terms | {"external_id": {"source": "m", "id": str(number)}}]},
            "suspend": {"reason": "x"},
            "terminate": {"reason": "x"},
            "cancel": {"reason": "x"},
            "report": {"status": "notMet", "note": "x"},
            "confirm": {"terms_sha256": "0" * 64},
            "confirm:withdraw": {"reason": "x"},
            "observations": {
                "indicator_id": self.contract["indicators"][0]["indicator_id"],
                "value": "1",
                "observed_on": "2025-06-30",
            },
            "combined": {
                "indicator_id": self.contract["indicators"][0]["indicator_id"],
                "of": "providers",
                "rule": "shareMean",
                "observed_on": "2025-06-30",
            },
            "ledger": {"kind": "payment", "amount": "0.01", "booked_on": "2025-06-30"},
            "acceptances": {"result": "rejected", "accepted_on": "2025-06-30"},
            "ocds": {"items": [{"place": "releases/0", "release": {}, "region": "CN-230102"}]},
        }
        if method == "PATCH":
            return {"title": "新标题"}
        if template.endswith("/structure"):
            return {}
        return bodies.get(template.rsplit("/", 1)[1]) if method == "POST" else None

    async def ask(self, client: httpx.AsyncClient, method: str, template: str) -> httpx.Response:
        return await client.request(method, self.path(template), json=self.body(method, template), headers=ANY_VERSION)


async def world_of(contracts: Any) -> World:
    world = World(contracts, await contracts.active(), await contracts.terms())
    path = "/v1/organisations/{organisation_id}/successions"
    world.succession_id = (await contracts.post(world.path(path)[3:], world.register_body(path), expect=201))["id"]
    asker = contracts.client.as_("purchaser", subject="asker")
    asked = {"rule": "provider-eligibility", "reason": "x"}
    answer = await asker.post(f"/v1/contracts/{world.contract['contract_id']}/overrides", json=asked)
    world.override_id = answer.json()["overrides"][0]["id"]
    await world.record_money()
    await world.record_year()
    await world.record_tables()
    await world.record_implementation()
    await world.record_supervision()
    await world.record_acts()
    return world


async def test_every_endpoint_against_every_role(contracts: Any) -> None:
    world = await world_of(contracts)
    for (method, template), allowed in ENDPOINTS.items():
        for role in ROLES:
            # Evaluators see what is assigned to them: they name their organisation where others need not.
            own = role == "evaluator" and template.startswith("/v1/organisations/{organisation_id}/")
            organisation = world.contract["purchaser"]["organisation_id"] if own else None
            answer = await world.ask(contracts.client.as_(role, organisation=organisation), method, template)
            told = f"{role} {method} {template}: {answer.status_code} {answer.text[:200]}"
            if role in allowed:
                assert answer.status_code not in (401, 403, 404, 422, 500), told
            else:
                assert answer.status_code == 403, told
                assert answer.json()["type"] == "/problems/forbidden", told


async def test_every_endpoint_without_a_token(contracts: Any) -> None:
    world = await world_of(contracts)
    expired = mint(SIGNING_KEY, subject="late", roles=ROLES, regions=["*"], ttl=timedelta(seconds=-1))
    for (method, template), allowed in ENDPOINTS.items():
        anonymous = await world.ask(contracts.client.anonymous, method, template)
        assert anonymous.status_code == (200 if "public" in allowed else 401), f"{method} {template}"
        late = await contracts.client.anonymous.request(
            method,
            world.path(template),
            json=world.body(method, template),
            headers={"Authorization": f"Bearer {expired}"},
        )
        assert late.status_code == 401, f"{method} {template}"
        assert late.headers["www-authenticate"].startswith("Bearer")


async def test_a_foreign_region_is_as_if_it_were_not_there(contracts: Any) -> None:
    world = await world_of(contracts)
    before = await contracts.get(f"/contracts/{world.contract['contract_id']}")
    for regions in (["CN-31"], ["CN-2302"], ["CN-230103"], ["XK"], []):
        foreign = contracts.client.as_(*ROLES, regions=regions)
        for method, template in ENDPOINTS:
            if "{contract_id}" not in template:
                continue
            answer = await world.ask(foreign, method, template)
            assert answer.status_code == 404, f"{regions} {method} {template}: {answer.text[:200]}"
            assert answer.json()["type"] == "/problems/contract-not-found"
        assert (await foreign.get("/v1/contracts")).json()["items"] == []
    assert await contracts.get(f"/contracts/{world.contract['contract_id']}") == before


async def test_a_scope_covers_what_lies_below_it(contracts: Any) -> None:
    world = await world_of(contracts)
    path = f"/v1/contracts/{world.contract['contract_id']}"
    for scope in ("*", "CN", "CN-23", "CN-230000", "CN-2301", "CN-230102"):
        client = contracts.client.as_("auditor", regions=[scope])
        answer = await client.get(path)
        assert answer.status_code == 200, scope
        assert answer.headers["gongping-region"] == "CN-230102"
        assert len((await client.get("/v1/contracts")).json()["items"]) == 1


async def test_naming_a_foreign_region_is_forbidden(contracts: Any) -> None:
    world = await world_of(contracts)
    foreign = contracts.client.as_("purchaser", "finance", regions=["CN-31"])
    answer = await foreign.post("/v1/contracts", json=world.terms)
    assert answer.status_code == 403
    assert answer.json()["region"] == "CN-230102"
    bulk = await foreign.post("/v1/contracts:bulk", json=world.body("POST", "/v1/contracts:bulk"))
    assert [item["problem"]["status"] for item in bulk.json()["items"]] == [403]
    imported = await foreign.post("/v1/imports/ocds", json=world.body("POST", "/v1/imports/ocds"))
    assert imported.status_code == 403
    assert len((await contracts.get("/contracts"))["items"]) == 1


async def test_reference_data_is_not_scoped(contracts: Any) -> None:
    world = await world_of(contracts)
    foreign = contracts.client.as_("auditor", regions=["CN-31"])
    organisation = world.contract["purchaser"]["organisation_id"]
    assert (await foreign.get(f"/v1/organisations/{organisation}")).status_code == 200
    assert len((await foreign.get("/v1/organisations")).json()["items"]) == 5


async def test_an_organisation_acts_in_its_own_contracts(contracts: Any) -> None:
    world = await world_of(contracts)
    purchaser = world.contract["purchaser"]["organisation_id"]
    provider = world.contract["provider"]["organisation_id"]
    act = {
        "suspend": ("POST", "/v1/contracts/{contract_id}/suspend"),
        "observe": ("POST", "/v1/contracts/{contract_id}/observations"),
        "pay": ("POST", "/v1/contracts/{contract_id}/ledger"),
        "report": ("POST", "/v1/contracts/{contract_id}/milestones/{milestone_id}/report"),
    }
    stranger = str(new_id())
    refused = [
        ("purchaser", stranger, ["suspend", "observe", "pay", "report"]),
        ("provider", stranger, ["observe", "report"]),
        ("purchaser", provider, ["suspend", "observe", "pay", "report"]),
        ("provider", purchaser, ["observe", "report"]),
    ]
    for role, organisation, names in refused:
        client = contracts.client.as_(role, organisation=organisation)
        for name in names:
            answer = await world.ask(client, *act[name])
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-a-party"), f"{role} {name}"
    granted = [
        ("provider", provider, ["observe", "report"]),
        ("purchaser", purchaser, ["observe", "pay", "report", "suspend"]),
    ]
    for role, organisation, names in granted:
        client = contracts.client.as_(role, organisation=organisation)
        for name in names:
            answer = await world.ask(client, *act[name])
            assert answer.status_code in (200, 201), f"{role} {name}: {answer.text}"
    draft = await contracts.client.as_("purchaser", organisation=stranger).post("/v1/contracts", json=world.terms)
    assert draft.status_code == 403
