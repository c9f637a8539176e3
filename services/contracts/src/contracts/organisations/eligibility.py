"""What the credit code says about who may purchase, provide and evaluate. It informs; people decide.

Sources: Ministry of Finance Order 102 (MOF-102) art. 5, 6, 8 and 33, seen verbatim, and art. 18, from memory (95 %
sure); 财监〔2021〕4号 art. 2 on the evaluator's independence, seen verbatim.
"""

from typing import NamedTuple

from contracts.organisations.uscc import check_uscc

__all__ = ["Verdict", "eligibility_of"]

VERIFIED = "verified"
MEMORY = "memory, 95 % sure"


class Verdict(NamedTuple):
    """Whether an organisation may take a part: `eligible`, `barred`, or `ask` when the code alone does not tell."""

    role: str
    verdict: str
    source: str
    confidence: str
    note: str


def _ask(role: str, note: str) -> Verdict:
    source = {"purchaser": "MOF-102 art. 5, 33", "provider": "MOF-102 art. 6"}.get(role, "财监〔2021〕4号 art. 2")
    return Verdict(role, "ask", source, VERIFIED, note)


_EVALUATOR = Verdict(
    "evaluator",
    "eligible",
    "财监〔2021〕4号 art. 2",
    VERIFIED,
    "As long as it is independent of the purchaser and of the provider.",
)
_NO_ORGAN = Verdict("purchaser", "barred", "MOF-102 art. 5, 33", VERIFIED, "A purchaser is a state organ or the like.")
_PROVIDER = Verdict("provider", "eligible", "MOF-102 art. 6", VERIFIED, "One of the kinds that may provide.")
_ORGAN = (
    Verdict("purchaser", "eligible", "MOF-102 art. 5", VERIFIED, "A state organ."),
    Verdict("provider", "barred", "MOF-102 art. 6", VERIFIED, "A state organ is none of the kinds that may provide."),
    _ask("evaluator", "An organ that evaluates does so in its office, not as a third party."),
)
_NEITHER = tuple(
    Verdict(role, "barred", "MOF-102 art. 8", VERIFIED, "A class-I public-welfare institution takes neither part.")
    for role in ("purchaser", "provider")
)
_INSTITUTIONS: dict[str, tuple[Verdict, ...]] = {
    "administrative": (
        Verdict(
            "purchaser", "eligible", "MOF-102 art. 5, 33", VERIFIED, "An institution with administrative functions."
        ),
        Verdict("provider", "barred", "MOF-102 art. 6", VERIFIED, "It is none of the kinds that may provide."),
        _ask("evaluator", "Is it independent of the purchaser?"),
    ),
    "publicWelfare1": (*_NEITHER, _ask("evaluator", "Is it independent of the purchaser?")),
    "publicWelfare2": (_NO_ORGAN, _PROVIDER, _EVALUATOR),
    "productionBusiness": (_NO_ORGAN, _PROVIDER, _EVALUATOR),
}
_INDIVIDUAL = (
    _NO_ORGAN,
    Verdict(
        "provider",
        "eligible",
        "MOF-102 art. 6, 18",
        MEMORY,
        "A qualified individual; the contract must not be a disguised employment.",
    ),
    _ask("evaluator", "Third-party evaluators are organisations."),
)
_SOCIAL = (
    _NO_ORGAN,
    _PROVIDER._replace(note="A social organisation; not a mass organisation that the treasury funds (art. 8)."),
    _EVALUATOR,
)
_BY_FIRST = {"9": (_NO_ORGAN, _PROVIDER, _EVALUATOR), "N": (_NO_ORGAN, _PROVIDER, _EVALUATOR), "5": _SOCIAL}
_BY_FIRST["3"] = _BY_FIRST["9"]
_QUESTIONS = {
    "12": "Of which class is the institution (公益一类 or 二类, administrative, business)? Record institution_class.",
    "13": "On which establishment is the mass organisation, and does the treasury fund it (art. 5, 8)?",
    "19": "What is it, and on which establishment?",
    "81": "Is the grass-roots trade union one of the kinds that the articles name?",
    "89": "Is it one of the kinds that the articles name?",
    "Y1": "What is it? The registrar is none of those that the standard names.",
}


def eligibility_of(
    uscc: str | None, *, institution_class: str | None = None, individual: bool = False
) -> tuple[Verdict, ...]:
    """A verdict for each of the three roles, with the article behind it and how sure its wording is.

    `uscc` is a valid code or None; `institution_class` decides where the code alone cannot (public institutions, 12).
    """
    if individual:
        return _INDIVIDUAL
    if uscc is None:
        return _all_ask("Without a credit code the kind of the organisation is not known.")
    code = check_uscc(uscc)
    first_two = uscc[:2]
    if first_two == "12" and institution_class is not None:
        return _INSTITUTIONS[institution_class]
    if code.kind is None:
        return _all_ask(f"The standard's table has no class {first_two}.")
    if first_two in _QUESTIONS:
        return _all_ask(_QUESTIONS[first_two])
    return _ORGAN if first_two == "11" else _BY_FIRST[first_two[0]]


def _all_ask(note: str) -> tuple[Verdict, ...]:
    return tuple(_ask(role, note) for role in ("purchaser", "provider", "evaluator"))
