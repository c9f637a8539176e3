"""The words of the table: those of the ministry's form."""

__all__ = ["ASPECTS", "CALCULATED", "CALCULATION", "COLUMNS", "EXPLAINED", "FORM", "REMARKS", "WIDTHS"]

FORM, CALCULATION = "自评表", "计算"
COLUMNS = ("一级指标", "二级指标", "三级指标", "年度指标值", "实际完成值", "分值", "得分", "偏差原因分析及改进措施")
WIDTHS = (15, 13, 30, 13, 13, 10, 10, 34)
ASPECTS = {
    "quantity": "数量指标",
    "quality": "质量指标",
    "timeliness": "时效指标",
    "cost": "成本指标",
    "economic": "经济效益指标",
    "social": "社会效益指标",
    "ecological": "生态效益指标",
    "sustained": "可持续影响指标",
    "satisfaction": "服务对象满意度指标",
}
CALCULATED = (
    *("节点", "名称", "上级行", "类型", "状态", "权重", "计入", "有效分值", "实际", "目标", "方向"),
    *("归零值", "基期值", "换算规则", "得分率", "得分", "系统得分", "差"),
)
EXPLAINED = "逐级加权：有效分值 = 上级有效分值 × 权重 ÷ 计入的同级权重之和"
REMARKS = {
    "hold": "缺少证据，暂按 0 分计，认定暂缓",
    "zero": "未提供证据，按 0 分计",
    "reweight": "不适用，权重由同级指标分摊",
}
