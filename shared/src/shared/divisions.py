"""Divisions of China by GB/T 2260: provinces and prefectures, with the codes that were retired lately.

A prefecture is written as its two digits and its name. Counties are accepted by syntax (see
`contracts.regions.queries`): there are about three thousand, and their codes change every year; a tenant names its own
(`contracts.regions.models.County`).
"""

from typing import NamedTuple

__all__ = ["PROVINCES", "RETIRED", "Province", "region_label"]


class Province(NamedTuple):
    """A province-level division: Chinese and English name, and its prefectures by their two digits."""

    name: str
    name_en: str
    prefectures: dict[str, str]


def _province(name: str, name_en: str, prefectures: str = "") -> Province:
    return Province(name, name_en, {item[:2]: item[2:] for item in prefectures.split()})


PROVINCES = {
    "11": _province("北京市", "Beijing", "01市辖区"),
    "12": _province("天津市", "Tianjin", "01市辖区"),
    "13": _province(
        "河北省",
        "Hebei",
        "01石家庄市 02唐山市 03秦皇岛市 04邯郸市 05邢台市 06保定市 07张家口市 08承德市 09沧州市 10廊坊市 11衡水市",
    ),
    "14": _province(
        "山西省",
        "Shanxi",
        "01太原市 02大同市 03阳泉市 04长治市 05晋城市 06朔州市 07晋中市 08运城市 09忻州市 10临汾市 11吕梁市",
    ),
    "15": _province(
        "内蒙古自治区",
        "Inner Mongolia",
        "01呼和浩特市 02包头市 03乌海市 04赤峰市 05通辽市 06鄂尔多斯市 07呼伦贝尔市 08巴彦淖尔市 09乌兰察布市 "
        "22兴安盟 25锡林郭勒盟 29阿拉善盟",
    ),
    "21": _province(
        "辽宁省",
        "Liaoning",
        "01沈阳市 02大连市 03鞍山市 04抚顺市 05本溪市 06丹东市 07锦州市 08营口市 09阜新市 10辽阳市 11盘锦市 12铁岭市 "
        "13朝阳市 14葫芦岛市",
    ),
    "22": _province(
        "吉林省",
        "Jilin",
        "01长春市 02吉林市 03四平市 04辽源市 05通化市 06白山市 07松原市 08白城市 24延边朝鲜族自治州",
    ),
    "23": _province(
        "黑龙江省",
        "Heilongjiang",
        "01哈尔滨市 02齐齐哈尔市 03鸡西市 04鹤岗市 05双鸭山市 06大庆市 07伊春市 08佳木斯市 09七台河市 10牡丹江市 "
        "11黑河市 12绥化市 27大兴安岭地区",
    ),
    "31": _province("上海市", "Shanghai", "01市辖区"),
    "32": _province(
        "江苏省",
        "Jiangsu",
        "01南京市 02无锡市 03徐州市 04常州市 05苏州市 06南通市 07连云港市 08淮安市 09盐城市 10扬州市 11镇江市 12泰州市 "
        "13宿迁市",
    ),
    "33": _province(
        "浙江省",
        "Zhejiang",
        "01杭州市 02宁波市 03温州市 04嘉兴市 05湖州市 06绍兴市 07金华市 08衢州市 09舟山市 10台州市 11丽水市",
    ),
    "34": _province(
        "安徽省",
        "Anhui",
        "01合肥市 02芜湖市 03蚌埠市 04淮南市 05马鞍山市 06淮北市 07铜陵市 08安庆市 10黄山市 11滁州市 12阜阳市 13宿州市 "
        "15六安市 16亳州市 17池州市 18宣城市",
    ),
    "35": _province(
        "福建省",
        "Fujian",
        "01福州市 02厦门市 03莆田市 04三明市 05泉州市 06漳州市 07南平市 08龙岩市 09宁德市",
    ),
    "36": _province(
        "江西省",
        "Jiangxi",
        "01南昌市 02景德镇市 03萍乡市 04九江市 05新余市 06鹰潭市 07赣州市 08吉安市 09宜春市 10抚州市 11上饶市",
    ),
    "37": _province(
        "山东省",
        "Shandong",
        "01济南市 02青岛市 03淄博市 04枣庄市 05东营市 06烟台市 07潍坊市 08济宁市 09泰安市 10威海市 11日照市 13临沂市 "
        "14德州市 15聊城市 16滨州市 17菏泽市",
    ),
    "41": _province(
        "河南省",
        "Henan",
        "01郑州市 02开封市 03洛阳市 04平顶山市 05安阳市 06鹤壁市 07新乡市 08焦作市 09濮阳市 10许昌市 11漯河市 "
        "12三门峡市 13南阳市 14商丘市 15信阳市 16周口市 17驻马店市 90省直辖县级行政区划",
    ),
    "42": _province(
        "湖北省",
        "Hubei",
        "01武汉市 02黄石市 03十堰市 05宜昌市 06襄阳市 07鄂州市 08荆门市 09孝感市 10荆州市 11黄冈市 12咸宁市 13随州市 "
        "28恩施土家族苗族自治州 90省直辖县级行政区划",
    ),
    "43": _province(
        "湖南省",
        "Hunan",
        "01长沙市 02株洲市 03湘潭市 04衡阳市 05邵阳市 06岳阳市 07常德市 08张家界市 09益阳市 10郴州市 11永州市 12怀化市 "
        "13娄底市 31湘西土家族苗族自治州",
    ),
    "44": _province(
        "广东省",
        "Guangdong",
        "01广州市 02韶关市 03深圳市 04珠海市 05汕头市 06佛山市 07江门市 08湛江市 09茂名市 12肇庆市 13惠州市 14梅州市 "
        "15汕尾市 16河源市 17阳江市 18清远市 19东莞市 20中山市 51潮州市 52揭阳市 53云浮市",
    ),
    "45": _province(
        "广西壮族自治区",
        "Guangxi",
        "01南宁市 02柳州市 03桂林市 04梧州市 05北海市 06防城港市 07钦州市 08贵港市 09玉林市 10百色市 11贺州市 12河池市 "
        "13来宾市 14崇左市",
    ),
    "46": _province("海南省", "Hainan", "01海口市 02三亚市 03三沙市 04儋州市 90省直辖县级行政区划"),
    "50": _province("重庆市", "Chongqing", "01市辖区 02县"),
    "51": _province(
        "四川省",
        "Sichuan",
        "01成都市 03自贡市 04攀枝花市 05泸州市 06德阳市 07绵阳市 08广元市 09遂宁市 10内江市 11乐山市 13南充市 14眉山市 "
        "15宜宾市 16广安市 17达州市 18雅安市 19巴中市 20资阳市 32阿坝藏族羌族自治州 33甘孜藏族自治州 34凉山彝族自治州",
    ),
    "52": _province(
        "贵州省",
        "Guizhou",
        "01贵阳市 02六盘水市 03遵义市 04安顺市 05毕节市 06铜仁市 23黔西南布依族苗族自治州 26黔东南苗族侗族自治州 "
        "27黔南布依族苗族自治州",
    ),
    "53": _province(
        "云南省",
        "Yunnan",
        "01昆明市 03曲靖市 04玉溪市 05保山市 06昭通市 07丽江市 08普洱市 09临沧市 23楚雄彝族自治州 "
        "25红河哈尼族彝族自治州 26文山壮族苗族自治州 "
        "28西双版纳傣族自治州 29大理白族自治州 31德宏傣族景颇族自治州 33怒江傈僳族自治州 "
        "34迪庆藏族自治州",
    ),
    "54": _province("西藏自治区", "Tibet", "01拉萨市 02日喀则市 03昌都市 04林芝市 05山南市 06那曲市 25阿里地区"),
    "61": _province(
        "陕西省",
        "Shaanxi",
        "01西安市 02铜川市 03宝鸡市 04咸阳市 05渭南市 06延安市 07汉中市 08榆林市 09安康市 10商洛市",
    ),
    "62": _province(
        "甘肃省",
        "Gansu",
        "01兰州市 02嘉峪关市 03金昌市 04白银市 05天水市 06武威市 07张掖市 08平凉市 09酒泉市 10庆阳市 11定西市 12陇南市 "
        "29临夏回族自治州 30甘南藏族自治州",
    ),
    "63": _province(
        "青海省",
        "Qinghai",
        "01西宁市 02海东市 22海北藏族自治州 23黄南藏族自治州 25海南藏族自治州 26果洛藏族自治州 27玉树藏族自治州 "
        "28海西蒙古族藏族自治州",
    ),
    "64": _province("宁夏回族自治区", "Ningxia", "01银川市 02石嘴山市 03吴忠市 04固原市 05中卫市"),
    "65": _province(
        "新疆维吾尔自治区",
        "Xinjiang",
        "01乌鲁木齐市 02克拉玛依市 04吐鲁番市 05哈密市 23昌吉回族自治州 27博尔塔拉蒙古自治州 28巴音郭楞蒙古自治州 "
        "29阿克苏地区 30克孜勒苏柯尔克孜自治州 31喀什地区 32和田地区 40伊犁哈萨克自治州 42塔城地区 43阿勒泰地区 "
        "90自治区直辖县级行政区划",
    ),
    "71": _province("台湾省", "Taiwan"),
    "81": _province("香港特别行政区", "Hong Kong"),
    "82": _province("澳门特别行政区", "Macao"),
}

# Code, name, year of the change. A retired code stands in older contracts and credit codes: a warning, no refusal.
RETIRED = {
    "3414": ("巢湖市", 2011),
    "3712": ("莱芜市", 2019),
    "5222": ("铜仁地区", 2011),
    "5224": ("毕节地区", 2011),
    "5421": ("昌都地区", 2014),
    "5422": ("山南地区", 2016),
    "5423": ("日喀则地区", 2014),
    "5424": ("那曲地区", 2017),
    "5426": ("林芝地区", 2015),
    "6321": ("海东地区", 2013),
    "6521": ("吐鲁番地区", 2015),
    "6522": ("哈密地区", 2016),
}

_NO_PLACE = ("市辖区", "县", "直辖县级行政区划")
"""Endings of prefectures that only hold counties together; nobody calls a place so."""


def region_label(region: str, *, chinese: bool = True) -> str:
    """What a person calls a region, followed by its code: `黑龙江省哈尔滨市（CN-230102）` for a district of that city.

    In English only provinces have a name here. An unknown or foreign code stands alone.
    """
    country, _, code = region.partition("-")
    province = PROVINCES.get(code[:2])
    if country != "CN" or province is None:
        return region
    if not chinese:
        return f"{province.name_en} ({region})"
    prefecture = province.prefectures.get(code[2:4]) or RETIRED.get(code[:4], ("", 0))[0]
    place = "" if prefecture in _NO_PLACE or prefecture.endswith(_NO_PLACE[-1]) else prefecture
    return f"{province.name}{place}（{region}）"
