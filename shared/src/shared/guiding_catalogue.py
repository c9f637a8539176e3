"""The guiding catalogue of government purchase of services (政府购买服务指导性目录), central version of 2020.

Source: Ministry of Finance Order 102, art. 11-14; the items from the central list, whose shape the provinces copy.
"""

from typing import NamedTuple

__all__ = ["ITEMS", "CatalogueItem", "category_label", "named_label"]


class CatalogueItem(NamedTuple):
    """An item: `A` public services (公共服务), `B` auxiliary services for government's own duties (辅助性服务)."""

    code: str
    name: str
    name_en: str

    @property
    def kind(self) -> str:
        """Public | auxiliary."""
        return "public" if self.code.startswith("A") else "auxiliary"


_PUBLIC = (
    ("公共安全服务", "Public safety"),
    ("教育公共服务", "Education"),
    ("就业公共服务", "Employment"),
    ("社会保障服务", "Social security"),
    ("卫生健康公共服务", "Health"),
    ("生态保护和环境治理服务", "Ecological protection and environmental governance"),
    ("科技公共服务", "Science and technology"),
    ("文化公共服务", "Culture"),
    ("体育公共服务", "Sport"),
    ("社会治理服务", "Social governance"),
    ("城乡维护服务", "Urban and rural maintenance"),
    ("农业、林业和水利公共服务", "Agriculture, forestry and water"),
    ("交通运输公共服务", "Transport"),
    ("灾害防治及应急管理服务", "Disaster prevention and emergency management"),
    ("公共信息与宣传服务", "Public information"),
    ("行业管理服务", "Sector administration"),
    ("技术性公共服务", "Technical public services"),
    ("其他公共服务", "Other public services"),
)
_AUXILIARY = (
    ("法律服务", "Legal services"),
    ("课题研究和社会调查服务", "Research and social surveys"),
    ("会计审计服务", "Accounting and audit"),
    ("会议服务", "Conferences"),
    ("监督检查辅助服务", "Support of supervision and inspection"),
    ("工程服务", "Engineering services"),
    ("评审、评估和评价服务", "Review, assessment and evaluation"),
    ("咨询服务", "Consulting"),
    ("机关工作人员培训服务", "Training of government staff"),
    ("信息化服务", "Information technology"),
    ("后勤服务", "Logistics and facilities"),
    ("其他适宜由社会力量承担的辅助性服务", "Other auxiliary services suited to social forces"),
)

ITEMS = {
    item.code: item
    for letter, names in (("A", _PUBLIC), ("B", _AUXILIARY))
    for number, (name, name_en) in enumerate(names, start=1)
    for item in (CatalogueItem(f"{letter}{number:02}", name, name_en),)
}


def category_label(code: str, *, chinese: bool = True) -> str:
    """What a person calls a kind of service, with its code: `卫生健康公共服务（A05）`.

    A province adds digits to the central codes; A0501 is named after the item that it belongs to. A code of neither
    part stands alone.
    """
    item = ITEMS.get(code[:3])
    if item is None:
        return code
    return named_label(code, item=item.code, name=item.name if chinese else item.name_en, chinese=chinese)


def named_label(code: str, *, item: str, name: str, chinese: bool = True) -> str:
    """A code with the name of the item of some edition that it is, or that it belongs to."""
    if code == item:
        return f"{name}（{code}）" if chinese else f"{name} ({code})"
    return f"{code}（属 {item} {name}）" if chinese else f"{code} (part of {item} {name})"
