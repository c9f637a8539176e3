"""Kinds of service that the simulated contracts buy, with their indicators."""

from dataclasses import dataclass

__all__ = ["SERVICES", "Service"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A kind of service.

    `unit_cost` is the range of yuan per unit from which a contract's price is drawn. `solved` and `lasting` name the
    benefit indicators (in per cent).
    """

    category: str
    name: str
    name_en: str
    bureau: str
    provider: str
    provider_kind: str
    unit: str
    unit_cost: tuple[int, int]
    solved: str
    lasting: str


SERVICES = (
    Service(
        category="A02",
        name="中小学课后托管服务",
        name_en="after-school care",
        bureau="教育局",
        provider="青少年服务中心",
        provider_kind="52",
        unit="人次",
        unit_cost=(18, 35),
        solved="家长接送困难解决率",
        lasting="学生持续参加率",
    ),
    Service(
        category="A03",
        name="失业人员职业技能培训服务",
        name_en="vocational training for unemployed people",
        bureau="人力资源和社会保障局",
        provider="职业培训学校",
        provider_kind="52",
        unit="人日",
        unit_cost=(120, 220),
        solved="培训后就业率",
        lasting="就业六个月稳定率",
    ),
    Service(
        category="A04",
        name="居家养老服务",
        name_en="home care for elderly people",
        bureau="民政局",
        provider="养老服务有限公司",
        provider_kind="91",
        unit="人次",
        unit_cost=(45, 90),
        solved="老年人生活照料问题解决率",
        lasting="服务对象续用率",
    ),
    Service(
        category="A04",
        name="残疾人日间照料服务",
        name_en="day care for disabled people",
        bureau="民政局",
        provider="助残服务中心",
        provider_kind="52",
        unit="人次",
        unit_cost=(60, 120),
        solved="生活自理能力改善率",
        lasting="家庭照料负担持续减轻率",
    ),
    Service(
        category="A05",
        name="慢性病健康管理随访服务",
        name_en="follow-up of chronic diseases",
        bureau="卫生健康局",
        provider="健康管理有限公司",
        provider_kind="91",
        unit="人次",
        unit_cost=(30, 60),
        solved="血压血糖规范控制率",
        lasting="规范随访保持率",
    ),
    Service(
        category="A06",
        name="生活垃圾分类督导服务",
        name_en="guidance on sorting household waste",
        bureau="城市管理局",
        provider="环境服务有限公司",
        provider_kind="91",
        unit="点次",
        unit_cost=(40, 80),
        solved="居民分类投放准确率",
        lasting="分类习惯保持率",
    ),
    Service(
        category="A08",
        name="公益文化演出进社区服务",
        name_en="performances in communities",
        bureau="文化和旅游局",
        provider="文化艺术促进会",
        provider_kind="51",
        unit="场",
        unit_cost=(1500, 4000),
        solved="居民文化活动参与率",
        lasting="社区文艺队伍活跃率",
    ),
    Service(
        category="A10",
        name="社区社会工作站服务",
        name_en="community social work station",
        bureau="民政局",
        provider="社会工作服务中心",
        provider_kind="52",
        unit="人次",
        unit_cost=(55, 110),
        solved="困难群众诉求办结率",
        lasting="志愿互助队伍持续活动率",
    ),
    Service(
        category="A12",
        name="农业技术推广服务",
        name_en="agricultural extension",
        bureau="农业农村局",
        provider="农业专业合作社",
        provider_kind="93",
        unit="户次",
        unit_cost=(80, 160),
        solved="技术到位率",
        lasting="新技术持续采用率",
    ),
)

WORDS = ("暖阳", "同心", "春晖", "益民", "晨光", "安和", "启明", "乐居", "青禾", "众善", "康宁", "惠邻", "远望", "朗润")
