"""The unified social credit code (统一社会信用代码): full check and what its first characters say.

Source: GB 32100-2015 (structure, outer check) and GB 11714-1997 (inner organisation code with its own check character).
Position 1 registrar, 2 class, 3-8 division, 9-16 organisation code, 17 its check, 18 outer check.
"""

from typing import NamedTuple

__all__ = ["Uscc", "check_uscc", "inner_check", "outer_check", "role_warnings"]

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_OUTER_WEIGHTS = tuple(pow(3, position, 31) for position in range(17))
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_INNER_VALUES = {character: value for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}

REGISTRARS = {
    "1": "establishment office (机构编制)",
    "2": "foreign affairs (外交)",
    "3": "justice (司法行政)",
    "4": "culture (文化)",
    "5": "civil affairs (民政)",
    "6": "tourism (旅游)",
    "7": "religion (宗教)",
    "8": "trade unions (工会)",
    "9": "market regulation (市场监管)",
    "A": "military commission's establishment office (中央军委改革和编制办公室)",
    "N": "agriculture (农业)",
    "Y": "other (其他)",
}
KINDS = {
    "11": "organ (机关)",
    "12": "public institution (事业单位)",
    "13": "mass organisation (群众团体)",
    "19": "other of the establishment office",
    "31": "law office (律师执业机构)",
    "32": "notary office (公证处)",
    "33": "grass-roots legal service (基层法律服务所)",
    "34": "forensic institute (司法鉴定机构)",
    "35": "arbitration commission (仲裁委员会)",
    "39": "other of justice",
    "51": "social group (社会团体)",
    "52": "private non-enterprise unit (民办非企业单位)",
    "53": "foundation (基金会)",
    "59": "other of civil affairs",
    "81": "grass-roots trade union (基层工会)",
    "89": "other of trade unions",
    "91": "enterprise (企业)",
    "92": "individual business (个体工商户)",
    "93": "farmers' co-operative (农民专业合作社)",
    "N1": "collective economic organisation of a group (组级集体经济组织)",
    "N2": "collective economic organisation of a village (村级集体经济组织)",
    "N3": "collective economic organisation of a township (乡镇级集体经济组织)",
    "N9": "other of agriculture",
    "Y1": "other",
}


class Uscc(NamedTuple):
    """What a valid code says. `kind` is None for a class that the standard's table does not name."""

    code: str
    registrar: str
    kind: str | None
    division: str


def outer_check(body: str) -> str:
    """Check character 18 over the first 17: (31 - sum(value * 3^i mod 31) mod 31) mod 31 in the alphabet."""
    total = sum(_VALUES[character] * weight for character, weight in zip(body[:17], _OUTER_WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def inner_check(organisation: str) -> str:
    """Check character 17 over the eight characters of the organisation code: 11 - sum mod 11; 10 is X, 11 is 0."""
    pairs = zip(organisation, _INNER_WEIGHTS, strict=True)
    total = sum(_INNER_VALUES[character] * weight for character, weight in pairs)
    return "0X987654321"[total % 11]


def check_uscc(text: str) -> Uscc:
    """Check a code in full; ValueError names the first thing that is wrong. Lower case is not accepted.

    The division in positions 3-8 is not checked here: retired codes are lawful (see `regions.division_warnings`).
    """
    if len(text) != 18:
        raise ValueError(f"a unified social credit code has 18 characters, not {len(text)}")
    strange = sorted(set(text) - set(ALPHABET))
    if strange:
        raise ValueError(
            f"a unified social credit code has no {' '.join(strange)} (digits and capitals without I, O, S, V, Z)"
        )
    if text[0] not in REGISTRARS:
        raise ValueError(f"no registrar has the character {text[0]} (GB 32100-2015, position 1)")
    if not text[2:8].isdigit():
        raise ValueError("positions 3 to 8 are the six digits of a division (GB/T 2260)")
    if text[17] != outer_check(text):
        raise ValueError("the last character does not fit the others (GB 32100-2015): a character was mistyped")
    if text[16] != inner_check(text[8:16]):
        raise ValueError("character 17 does not fit the organisation code in 9 to 16 (GB 11714)")
    return Uscc(text, REGISTRARS[text[0]], KINDS.get(text[:2]), text[2:8])


def role_warnings(uscc: Uscc, roles: tuple[str, ...]) -> list[dict[str, str]]:
    """What is unusual about an organisation of this kind in these roles (MOF Order 102, art. 5-8); never a refusal."""
    first_two, found = uscc.code[:2], []
    if uscc.kind is None:
        found.append(("uscc-class-unknown", f"The standard's table has no class {first_two}."))
    if "purchaser" in roles and first_two[0] in "39N":
        found.append(("role-unusual", f"A purchaser is a state organ or the like; this is: {uscc.kind or first_two}."))
    if "provider" in roles and first_two == "11":
        found.append(("role-unusual", "A state organ cannot be the provider (art. 6)."))
    if {"purchaser", "provider"} & set(roles) and first_two in ("12", "13"):
        found.append(
            (
                "role-to-confirm",
                "Class-I public institutions and treasury-funded mass organisations take neither part (art. 8).",
            )
        )
    return [{"code": code, "detail": detail} for code, detail in found]
