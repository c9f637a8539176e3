"""Simulated reports for the tests of pages, PDF and charts."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from scoring.reports.content import (
    AnnualReport,
    Chance,
    ContractReport,
    Determined,
    EquityFigures,
    EvidenceLine,
    FunnelFigures,
    FunnelUnit,
    GateLine,
    Inequality,
    Line,
    Named,
    PartCertainty,
    SoftenedTarget,
    StateTotal,
    Step,
    TargetLine,
    Total,
    UseTotal,
)

__all__ = ["AT", "annual_sample", "contract_sample"]

AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
GRADES = [
    Named(code=code, title={"en": code, "zh": zh}, minimum=minimum)
    for code, zh, minimum in (
        ("excellent", "优", "90"),
        ("good", "良", "80"),
        ("fair", "中", "60"),
        ("poor", "差", "0"),
    )
]


def line(path: str, title: str, weight: str, points: str, **other: Any) -> Line:
    """A line of the table; a leaf unless `raw` is left out with state None."""
    fields: dict[str, Any] = {
        "path": path,
        "depth": path.count("."),
        "title": {"en": f"indicator {path}", "zh": title},
        "weight": weight,
        "points": points,
        "lost": "0",
        "normalised": "90.000000",
        "raw": "95.000000",
        "unit": "%",
        "target": "100",
        "state": "evidence",
        "accountable": "provider",
        "over_attained": False,
        "source": None,
    }
    dimension = {"normalised": None, "raw": None, "unit": None, "target": None, "state": None, "accountable": None}
    return Line(**(fields | (dimension if other.pop("dimension", False) else {}) | other))


def contract_sample(**changes: Any) -> ContractReport:
    """The report of a determined contract with a gate, a held indicator, an interval and both sub-scores."""
    fields: dict[str, Any] = {
        "number": "CN-230102-2026-0001",
        "region": "CN-230102",
        "simulated": True,
        "contract_id": UUID(int=1),
        "contract_title": "城区居家养老入户照护服务采购合同（模拟）",
        "service_category": "A05",
        "purchaser_id": UUID(int=2),
        "provider_id": UUID(int=3),
        "value": "1280000.00",
        "currency": "CNY",
        "framework_id": "cn-self-evaluation",
        "framework_version": "1.0.0",
        "framework_hash": "a1" * 32,
        "framework_title": {"en": "Unit self-evaluation", "zh": "政府购买服务项目支出绩效单位自评"},
        "framework_source": {"en": "MoF measures of 2020, no. 10", "zh": "财预〔2020〕10号"},
        "stage": "completion",
        "score": "79.999999",
        "lower": "79.999999",
        "upper": "79.999999",
        "grade": "fair",
        "coverage": "0.900000",
        "held": ["satisfaction"],
        "grades": GRADES,
        "lines": [
            line("execution", "预算执行率", "10.000000", "9.800000", accountable="purchaser"),
            line("output", "产出指标", "50.000000", "45.100000", dimension=True),
            line("output.q1", "入户服务次数", "25.000000", "25.000000", over_attained=True),
            line("output.q2", "服务及时率不低于约定的百分之九十五（以签到记录为准）", "25.000000", "20.100000"),
            line("benefit", "效益指标", "30.000000", "29.421000", dimension=True),
            line("benefit.b1", "独居老人意外发生率下降", "30.000000", "29.421000"),
            line("satisfaction", "服务对象满意度", "10.000000", "0.000000", raw=None, state="hold"),
        ],
        "gates": [
            GateLine(
                code="safety",
                node="output.q2",
                cap="fair",
                value="80.400000",
                reason={"en": "a simulated gate", "zh": "模拟的底线"},
                title={"en": "safety of the recipients", "zh": "服务对象安全"},
                below="85",
            )
        ],
        "ungated_score": "84.321000",
        "median": "79.1",
        "interval": ("74.200000", "79.999999"),
        "label": "indicative",
        "chances": [
            Chance(grade=grade, probability=p)
            for grade, p in (("excellent", "0"), ("good", "0.21"), ("fair", "0.77"), ("poor", "0.02"))
        ],
        "shares": {"sampling": "0.700000", "rater": "0.300000", "weight": None, "method": "0.000000"},
        "steps": [
            Step(action="supply-evidence", nodes=["satisfaction"], points="10.000000", reduces=None),
            Step(action="more-answers", nodes=["output.q2"], points=None, reduces="0.350000"),
        ],
        "provider_score": "86.100000",
        "provider_grade": "good",
        "purchaser_score": None,
        "purchaser_grade": None,
        "purchaser_name": "模拟购买主体",
        "provider_name": "模拟承接主体",
        "part_certainty": {"provider": PartCertainty(low="81.200000", high="90.900000", label="firm")},
        "evaluator_dependent": True,
        "targets": [
            TargetLine(
                name="visits",
                unit="%",
                target="70.000000",
                compared_with="sector",
                targets=41,
                median_target="88.500000",
                results=30,
                reached="0.966667",
                flags=["too_easy"],
                softened=SoftenedTarget(
                    against="sector",
                    median_target="88.500000",
                    median_result="91.000000",
                    reason="模拟理由：服务区域扩大到山区",
                ),
            )
        ],
        "evidence": [
            EvidenceLine(id=UUID(int=n), kind=("contract", "ledger", "wave", "observation")[n % 4], sha256=f"{n:064x}")
            for n in range(1, 15)
        ],
        "content_hash": "0123456789abcdef" * 4,
        "chain_hash": "c3" * 32,
        "score_version": 7,
        "recorded_at": AT,
        "determined": Determined(
            id=UUID(int=9),
            document_number="哈财绩〔2026〕17号",
            signed_by="officer-7",
            issued_at=AT,
            evidence_cutoff=AT,
            effective_at=None,
            binding=False,
            point_grade="good",
            capped_by=["gate:safety"],
            replaces=UUID(int=8),
            reason="a recorded correction",
        ),
        "made_at": AT,
        "verify_at": f"http://127.0.0.1:8080/v1/determinations/{UUID(int=9)}#sha256=" + "0123456789abcdef" * 4,
    }
    return ContractReport(**(fields | changes))


def annual_sample(**changes: Any) -> AnnualReport:
    """An annual report with every section filled."""

    def totals(**numbers: int) -> list[Total]:
        return [
            Total(code=code.replace("_", "-"), number=number, mean=f"{70 + number % 25}.125000")
            for code, number in numbers.items()
        ]

    units = [
        FunnelUnit(
            unit=f"{n:08x}-0000-7000-8000-000000000000",
            name="模拟界外承接主体" if n == 7 else None,
            results=4 + 3 * n,
            value="62.500000" if n == 7 else f"{8 + n % 5}.000000",
            outside="99.8" if n == 7 else None,
            limits=("0.000000", "1.000000", f"{30 + 60 / (4 + 3 * n):.6f}", f"{40 + 90 / (4 + 3 * n):.6f}"),
        )
        for n in range(12)
    ]
    fields: dict[str, Any] = {
        "number": "CN-23-2026-0004",
        "region": "CN-23",
        "year": 2026,
        "simulated": True,
        "made_at": AT,
        "contracts": 1204,
        "scored": 980,
        "determined": 45,
        "frameworks": totals(cn_self_evaluation=30, four_questions=15),
        "stages": totals(interim=5, completion=35, followUp=5),
        "grades": totals(excellent=12, good=18, fair=11, poor=4),
        "labels": totals(firm=30, indicative=10, undetermined=5),
        "months": [Total(code=f"2026-{m:02d}", number=5, mean=f"{75 + m}.000000") for m in (1, 2, 3, 5, 6, 7)],
        "years": [Total(code=str(y), number=40, mean=f"{70 + y - 2022}.500000") for y in (2023, 2024, 2025, 2026)],
        "parts": [Total(code=f"CN-23{n:02d}", number=n, mean="81.000000") for n in range(1, 14)],
        "uses": [UseTotal(code="improve", opened=15, applied=9, rate="0.600000", overdue=2)],
        "rectifications": [
            StateTotal(code="active", number=6, overdue=1),
            StateTotal(code="closed", number=9, overdue=0),
        ],
        "appeals": [StateTotal(code="upheld", number=2, overdue=0)],
        "funnel": FunnelFigures(
            framework_id="cn-self-evaluation", stage="completion", refused=None, target="12.500000", units=units
        ),
        "equity": EquityFigures(
            framework_id="cn-self-evaluation",
            stage="completion",
            level="city",
            regions=13,
            refused=None,
            raw_variance="31.250000",
            adjusted_variance="12.340000",
            between_sd="3.512834",
            widest="9.870000",
            widest_error="2.110000",
            highest="CN-230100",
            lowest="CN-231300",
            money=Inequality(regions=13, mean="41.370000", gini="0.213000", theil="0.087000", ratio="4.560000"),
            coverage=None,
            third_party="0.273000",
        ),
        "grade_titles": {grade.code: grade.title for grade in GRADES},
        "framework_titles": {"cn-self-evaluation": {"en": "Unit self-evaluation", "zh": "单位自评"}},
        "verify_at": f"http://127.0.0.1:8080/v1/reports/{UUID(int=5)}",
    }
    return AnnualReport(**(fields | changes))
