"""The columns that a table of each noun may have: their Chinese heads, what they mean, and how a cell is read.

The first head is the template's. Heads are compared without spaces, units in brackets and marks of obligation, so that
`合同金额（万元）*` is `合同金额`. A second, older name of the same column is an alias, never another field.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["FIELDS", "TITLES", "Field", "fields_of"]


@dataclass(frozen=True, slots=True)
class Field:
    """A column. `kind` names the reader of its cells (`contracts.tabular.values`); `choices` maps words to codes."""

    name: str
    heads: tuple[str, ...]
    kind: str
    note: str
    required: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)
    longest: int = 300


def _text(name: str, heads: str, note: str, *, required: bool = False, longest: int = 300) -> Field:
    return Field(name, tuple(heads.split("|")), "text", note, required, longest=longest)


def _of(kind: str, name: str, heads: str, note: str, *, required: bool = False) -> Field:
    return Field(name, tuple(heads.split("|")), kind, note, required)


def _choice(name: str, heads: str, note: str, choices: Mapping[str, str], *, required: bool = False) -> Field:
    codes = {code: code for code in choices.values()}
    return Field(name, tuple(heads.split("|")), "choice", note, required, codes | dict(choices))


STATES = {
    "草稿": "draft",
    "待签": "pending",
    "履行中": "active",
    "执行中": "active",
    "中止": "suspended",
    "已完成": "completed",
    "已履行完毕": "completed",
    "已终止": "terminated",
    "已取消": "cancelled",
}
END_REASONS = {"完成": "complete", "未完成": "incomplete", "取消": "cancelled", "失败": "unsuccessful"}
METHODS = {
    "公开招标": "open",
    "邀请招标": "selective",
    "竞争性谈判": "limited",
    "竞争性磋商": "limited",
    "询价": "limited",
    "框架协议": "limited",
    "单一来源": "direct",
    "定向委托": "direct",
}
LEVELS = {"产出": "output", "产出指标": "output", "效益": "benefit", "效益指标": "benefit"} | {
    "满意度": "satisfaction",
    "满意度指标": "satisfaction",
}
ASPECTS = {
    "数量": "quantity",
    "数量指标": "quantity",
    "质量": "quality",
    "质量指标": "quality",
    "时效": "timeliness",
    "时效指标": "timeliness",
    "成本": "cost",
    "成本指标": "cost",
    "经济效益": "economic",
    "社会效益": "social",
    "生态效益": "ecological",
    "可持续影响": "sustained",
    "满意度": "satisfaction",
    "服务对象满意度": "satisfaction",
}
DIRECTIONS = {"越高越好": "higher", "正向": "higher", "越低越好": "lower", "反向": "lower"}
STANDARDS = {"计划标准": "plan", "行业标准": "sector", "历史标准": "history"}
ACCOUNTABLE = {"购买主体": "purchaser", "承接主体": "provider", "共同": "joint", "外部": "outside"}
MISSING = {"待补": "hold", "计零": "zero", "调权": "reweight"}
MILESTONE_STATES = {"未到期": "scheduled", "完成": "met", "部分完成": "partlyMet", "未完成": "notMet"}
KINDS = {"交付": "delivery", "付款": "financing"}
MONEY_KINDS = {"付款": "payment", "支付": "payment", "退款": "refund"}
CAUSES = {"绩效": "result", "节约": "saving", "违约": "damages"}
ROLES = {"购买主体": "purchaser", "采购人": "purchaser", "承接主体": "provider", "供应商": "provider"} | {
    "评价机构": "evaluator"
}
CLASSES = {
    "承担行政职能": "administrative",
    "公益一类": "publicWelfare1",
    "公益二类": "publicWelfare2",
    "从事生产经营活动": "productionBusiness",
}

_CONTRACT = _text("contract", "合同标识|合同来源编号|合同编号", "来源系统的合同标识, 或合同编号", required=True)
_SHA = _of("sha256", "document_sha256", "文件SHA256|凭证SHA256", "证明文件的 SHA-256, 64 位十六进制")
_NOTE = _text("note", "备注|说明", "备注", longest=2000)
_REFERENCE = _text("reference", "来源标识|记录标识", "本行在来源系统的标识; 再次导入按它更新", longest=200)

TITLES = {
    "organisations": "机构",
    "projects": "预算项目",
    "contracts": "合同",
    "indicators": "绩效指标与目标",
    "milestones": "里程碑",
    "observations": "指标观测值",
    "payments": "付款",
    "deductions": "扣款",
    "evaluations": "既有评价报告",
}

FIELDS: dict[str, tuple[Field, ...]] = {
    "organisations": (
        _REFERENCE,
        _text("name", "机构名称|单位名称|名称", "机构全称", required=True),
        _of("uscc", "uscc", "统一社会信用代码|信用代码", "18 位; 校验"),
        Field("roles", ("角色", "类型"), "roles", "购买主体、承接主体、评价机构, 可多个, 用顿号分开", True, ROLES),
        _of("division", "seat", "所在地区划代码|区划代码", "GB/T 2260 代码, 例如 230102"),
        _choice("institution_class", "事业单位分类", "承担行政职能 | 公益一类 | 公益二类 | 从事生产经营活动", CLASSES),
    ),
    "projects": (
        _text("unit_uscc", "预算单位信用代码|单位信用代码|预算单位", "信用代码或机构名称", required=True),
        _text("code", "项目编码|项目代码", "单位与年度内唯一", required=True, longest=64),
        _text("name", "项目名称", "预算项目名称", required=True, longest=200),
        _of("year", "year", "预算年度|年度", "四位年份", required=True),
        _of("region", "region", "区划代码|地区", "GB/T 2260 代码; 空则为导入时所给"),
        _of("money", "initial_amount", "年初预算数|年初预算", "元或万元", required=True),
        _of("money", "full_year_amount", "全年预算数|调整后预算", "元或万元"),
    ),
    "contracts": (
        _text("reference", "来源标识|合同标识|记录标识", "来源系统的合同标识; 空则用合同编号", longest=200),
        _text("contract_number", "合同编号|合同号", "合同编号", longest=100),
        _text("title", "合同名称|项目名称", "合同名称", required=True),
        _of("region", "region", "区划代码|地区", "GB/T 2260 代码; 空则为导入时所给"),
        _of("category", "service_category", "指导性目录代码|目录代码", "例如 A04"),
        _of("uscc", "purchaser_uscc", "购买主体信用代码|采购人信用代码", "18 位"),
        _text("purchaser_name", "购买主体|购买主体名称|采购人", "机构全称", required=True),
        _of("uscc", "provider_uscc", "承接主体信用代码|供应商信用代码", "18 位"),
        _text("provider_name", "承接主体|承接主体名称|供应商", "机构全称"),
        _of("money", "value", "合同金额|合同价款", "元或万元"),
        _of("money", "budget", "预算金额", "元或万元"),
        _of("money", "final_value", "结算金额|决算金额", "元或万元"),
        _of("date", "signed_on", "签订日期|合同签订日期", "例如 2024-03-01"),
        _of("date", "starts_on", "开始日期|服务开始日期", "例如 2024-03-01"),
        _of("date", "ends_on", "结束日期|服务结束日期", "例如 2024-12-31"),
        _choice("state", "状态|合同状态", "待签 | 履行中 | 中止 | 已完成 | 已终止 | 已取消", STATES, required=True),
        _of("date", "ended_on", "终结日期|完成日期", "完成、终止或取消之日"),
        _choice("end_reason", "终结原因", "完成 | 未完成 | 取消 | 失败", END_REASONS),
        _choice("procurement_method", "采购方式", "公开招标 | 邀请招标 | 竞争性磋商 | 单一来源 ...", METHODS),
        _of("count", "tenderers", "投标人数|供应商数", "整数"),
        _of("count", "beneficiary_population", "服务对象人数|受益人数", "整数"),
        _text("not_evaluable", "不可评价原因", "填写则关闭为不可评价: 计为缺口, 不计零分", longest=2000),
    ),
    "indicators": (
        _CONTRACT,
        _text("code", "指标编码|指标代码", "合同内唯一", required=True, longest=64),
        _text("name", "指标名称|三级指标", "指标名称", required=True, longest=200),
        _choice("level", "一级指标", "产出 | 效益 | 满意度", LEVELS, required=True),
        _choice("aspect", "二级指标", "数量 | 质量 | 时效 | 成本 | 社会效益 ... | 满意度", ASPECTS, required=True),
        _text("unit", "计量单位|单位", "例如 人次, %", required=True, longest=50),
        _of("figure", "target", "目标值|指标值", "以计量单位计", required=True),
        _of("figure", "weight", "权重|分值", "大于 0", required=True),
        _choice("direction", "方向", "越高越好 (默认) | 越低越好", DIRECTIONS),
        _of("figure", "zero_at", "零分值", "越低越好时必填: 得零分的值, 大于目标值"),
        _of("figure", "baseline", "基期值", "本合同之前的值"),
        _choice("standard", "标准", "计划标准 (默认) | 行业标准 | 历史标准", STANDARDS),
        _choice("accountable", "责任方", "承接主体 (默认) | 购买主体 | 共同 | 外部", ACCOUNTABLE),
        _choice("missing", "缺证处理", "待补 (默认) | 计零 | 调权", MISSING),
        _of("date", "agreed_on", "约定日期", "在合同中约定之日; 与约定文件都有, 才不算事后补充"),
        _text("agreed_in", "约定文件", "约定它的合同文件或条款", longest=200),
    ),
    "milestones": (
        _CONTRACT,
        _text("code", "里程碑编码|节点编码", "合同内唯一", required=True, longest=64),
        _text("title", "里程碑名称|节点名称", "到期事项", required=True),
        _choice("kind", "类别", "交付 (默认) | 付款", KINDS),
        _of("figure", "percentage", "占比", "占同类的百分比, 0 至 100"),
        _of("date", "due_on", "到期日期|计划日期", "例如 2024-06-30"),
        _choice("status", "状态", "未到期 (默认) | 完成 | 部分完成 | 未完成", MILESTONE_STATES),
        _of("date", "met_on", "完成日期|实际日期", "例如 2024-06-30"),
        _NOTE,
    ),
    "observations": (
        _CONTRACT,
        _text("indicator", "指标编码|指标代码", "合同的指标编码", required=True, longest=64),
        _of("figure", "value", "实际值|观测值|完成值", "以指标计量单位计", required=True),
        _of("date", "observed_on", "观测日期|日期", "例如 2024-06-30", required=True),
        _REFERENCE,
        _SHA,
        _NOTE,
    ),
    "payments": (
        _CONTRACT,
        _text("reference", "付款标识|来源标识|支付单号", "来源系统的付款标识; 合同内唯一", required=True, longest=200),
        _of("money", "amount", "付款金额|支付金额|金额", "元或万元; 大于 0", required=True),
        _of("date", "booked_on", "付款日期|支付日期", "例如 2024-06-30"),
        _choice("kind", "类别", "付款 (默认) | 退款", MONEY_KINDS),
        _text("voucher", "支付凭证号|凭证号", "国库支付凭证号", longest=100),
        _text("milestone", "里程碑编码|节点编码", "付款节点", longest=64),
        _NOTE,
    ),
    "deductions": (
        _CONTRACT,
        _text("reference", "扣款标识|来源标识", "来源系统的扣款标识; 合同内唯一", required=True, longest=200),
        _of("money", "amount", "扣款金额|金额", "元或万元; 大于 0", required=True),
        _of("date", "booked_on", "扣款日期|日期", "例如 2024-06-30"),
        _choice("cause", "扣款原因", "绩效 (默认) | 节约 | 违约", CAUSES),
        _text("milestone", "里程碑编码|节点编码", "付款节点", longest=64),
        _NOTE,
    ),
    "evaluations": (
        _CONTRACT,
        _text("reference", "报告标识|来源标识", "来源系统的报告标识", required=True, longest=200),
        _text("title", "报告名称", "报告名称", required=True),
        _of("year", "year", "评价年度|年度", "四位年份", required=True),
        _text("kind", "评价类型", "例如 自评, 部门评价, 财政评价", longest=100),
        _text("evaluator", "评价机构|评价单位", "机构全称"),
        _of("figure", "score", "得分|评价得分", "原报告的得分"),
        _of("figure", "full_score", "满分", "原报告的满分; 空则 100"),
        _text("grade", "等级|评价等级", "原报告的等级, 照录", longest=50),
        _of("date", "reported_on", "报告日期", "例如 2025-03-31"),
        _text("link", "链接|报告链接", "网址", longest=2000),
        _SHA,
        _NOTE,
    ),
}


def fields_of(noun: str) -> dict[str, Field]:
    """The columns of a noun by the names of our fields."""
    return {each.name: each for each in FIELDS[noun]}
