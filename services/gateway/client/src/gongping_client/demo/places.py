"""Counties in which the simulated contracts lie: six-digit codes of GB/T 2260 with their names."""

from typing import NamedTuple

__all__ = ["PLACES", "Place"]


class Place(NamedTuple):
    """A county with the names of its province and city."""

    code: str
    province: str
    city: str
    county: str

    @property
    def region(self) -> str:
        """The region as the API writes it."""
        return f"CN-{self.code}"


PLACES = (
    Place("230102", "黑龙江省", "哈尔滨市", "道里区"),
    Place("230103", "黑龙江省", "哈尔滨市", "南岗区"),
    Place("510104", "四川省", "成都市", "锦江区"),
    Place("510112", "四川省", "成都市", "龙泉驿区"),
    Place("520103", "贵州省", "贵阳市", "云岩区"),
    Place("520111", "贵州省", "贵阳市", "花溪区"),
    Place("330105", "浙江省", "杭州市", "拱墅区"),
    Place("330108", "浙江省", "杭州市", "滨江区"),
    Place("620103", "甘肃省", "兰州市", "七里河区"),
    Place("440105", "广东省", "广州市", "海珠区"),
    Place("420106", "湖北省", "武汉市", "武昌区"),
    Place("150105", "内蒙古自治区", "呼和浩特市", "赛罕区"),
)
