import pytest

from gateway.proxy.table import PREFIXES, find_prefix


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/v1/organisations", "contracts"),
        ("/v1/organisations:bulk", "contracts"),
        ("/v1/contracts", "contracts"),
        ("/v1/contracts/", "contracts"),
        ("/v1/contracts:bulk", "contracts"),
        ("/v1/contracts/1/complete", "contracts"),
        ("/v1/contracts/1/dossier/2", "contracts"),
        ("/v1/contracts/dossier", "contracts"),
        ("/v1/imports/ocds", "contracts"),
        ("/v1/regions", "contracts"),
        ("/v1/catalogue", "contracts"),
        ("/v1/working-days", "contracts"),
        ("/v1/rules/diff", "contracts"),
        ("/v1/rules:validate", "contracts"),
        ("/v1/flags", "contracts"),
        ("/v1/budget-projects/1", "contracts"),
        ("/v1/monitoring/alerts", "contracts"),
        ("/v1/vouchers:import", "contracts"),
        ("/v1/acts:bulk", "contracts"),
        ("/v1/handovers", "contracts"),
        ("/v1/deputies/1/revoke", "contracts"),
        ("/v1/policies/CN-23/history", "contracts"),
        ("/v1/corrections:bulk", "contracts"),
        ("/v1/amendments/reasons", "contracts"),
        ("/v1/inspections/1/visit", "contracts"),
        ("/v1/findings/statistics", "contracts"),
        ("/v1/calendars/secret.ics", "contracts"),
        ("/v1/public/contracts/1/obligations", "contracts"),
        ("/v1/disclosure/marks", "contracts"),
        ("/v1/retention/due", "contracts"),
        ("/v1/campaigns/1/roll-up.csv", "contracts"),
        ("/v1/ocds/releases", "contracts"),
        ("/v1/ocds/records.ndjson", "contracts"),
        ("/v1/changes", "contracts"),
        ("/v1/operations/contracts/jobs", "contracts"),
        ("/v1/instruments/1", "surveys"),
        ("/v1/waves/1/responses:batch", "surveys"),
        ("/v1/complaints", "surveys"),
        ("/v1/satisfaction/providers", "surveys"),
        ("/v1/complaints:follow-up", "surveys"),
        ("/v1/complaints/1/close", "surveys"),
        ("/p", "surveys"),
        ("/p/complaint", "surveys"),
        ("/p/0199a5e2-7c1b-7000-8000-000000000001/q/overall", "surveys"),
        ("/v1/operations/surveys/dead-letters", "surveys"),
        ("/v1/frameworks", "scoring"),
        ("/v1/scores/1/explanation", "scoring"),
        ("/v1/evidence", "scoring"),
        ("/v1/determinations", "scoring"),
        ("/v1/frameworks:validate", "scoring"),
        ("/v1/evaluations/1/ratings", "scoring"),
        ("/v1/evaluators", "scoring"),
        ("/v1/calibrations", "scoring"),
        ("/v1/targets", "scoring"),
        ("/v1/comparisons/funnel", "scoring"),
        ("/v1/results/rates", "scoring"),
        ("/v1/rectifications/1", "scoring"),
        ("/v1/appeals", "scoring"),
        ("/v1/reports/self-evaluation/1.xlsx", "scoring"),
        ("/v1/operations/scoring/jobs", "scoring"),
    ],
)
def test_a_path_belongs_to_its_service(path: str, service: str) -> None:
    prefix = find_prefix(path)
    assert prefix is not None
    assert prefix.service == service
    assert path.startswith(prefix.path)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/",
        "/v2/contracts",
        "v1/contracts",
        "//v1/contracts",
        "/v1//contracts",
        "/v1/contractsx",
        "/v1/clients",
        "/v1/streams/scores",
        "/v1/contracts/1/dossier",
        "/v1/operations",
        "/v1/operations/",
        "/v1/operations/gateway/jobs",
        "/oauth/token",
        "/openapi.json",
        "/health/ready",
        "/metrics",
        "/problems/not-found",
        "/problems",
        "/pages",
        "/P",
    ],
)
def test_everything_else_is_answered_here(path: str) -> None:
    assert find_prefix(path) is None


def test_only_the_public_pages_need_no_token() -> None:
    assert [prefix.path for prefix in PREFIXES if prefix.pages] == ["/p"]


def test_labels_hold_no_ids() -> None:
    assert len({prefix.template for prefix in PREFIXES}) == len(PREFIXES)
    assert all(prefix.template.endswith("/{path}") for prefix in PREFIXES)
