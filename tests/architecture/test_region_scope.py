"""Every statement on a region-owned table is scoped: by the ORM hook, by `scope_sql` or `scope_clause`, or for a stated reason.

The ORM hook adds the criterion to every ORM SELECT by itself. What it cannot see is SQL written as text. This test finds
each piece of SQL text that reads or changes a region-owned table and asks for the scope in its module's function, or for
an entry below that says why there is none.
"""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ("contracts", "surveys", "scoring", "gateway")
SCOPED = {"scope_sql", "scope_clause"}
TECHNICAL = {"outbox", "audit"}  # read by the relay and the audit chain only; history routes scope by their contract

# Where SQL text works without a scope, and why. Module path below the service's package -> reason.
AFTER = "runs by id after get_contract or open_for_fact has found the contract in the caller's scope"
PUBLISHED = "public facts of published contracts: the same for everybody, whatever the regions"
SEEN = "runs by id for changes that were found among those that the caller may see (exchange.queries.visible)"
EVENTS = "events and jobs work for the system: they belong to no caller"
HOLDS = "asked by contract once it was found in the caller's scope: a province's round holds a county's determination"
UNSCOPED: dict[str, str] = {
    "contracts/contracts/facts.py:COLUMNS": "a part of a statement whose WHERE carries the scope of the contract",
    "contracts/contracts/facts.py:JOINS": "a part of a statement whose WHERE carries the scope of the contract",
    "contracts/contracts/service/milestones.py:_RAISE": AFTER,
    "contracts/contracts/service/framework.py:_OPEN": AFTER,
    "contracts/inspections/queries.py:supervised": "a part of ORM statements, which the hook scopes",
    "contracts/inspections/queries.py:_takes_part": "a part of ORM statements, which the hook scopes",
    "contracts/disclosure/queries.py:unconcluded_sql": "a part of statements whose WHERE carries the scope",
    "contracts/contracts/service/evaluable.py:_SET": AFTER,
    "contracts/contracts/service/parts_many.py:": "asks whether a part that was found in the caller's scope is in use",
    "contracts/contracts/service/parts_many.py:_RAISE": AFTER,
    "contracts/contracts/queries.py:_AMENDED": AFTER,
    "contracts/contracts/queries.py:observables_by_code": AFTER,
    "contracts/contracts/corrected.py:_CORRECTED": "of contracts that are found in the caller's scope before anything of "
    "it is answered",
    "contracts/ledger/queries.py:_KNOWN": AFTER,
    "contracts/ledger/queries.py:_VOUCHERS": AFTER,
    "contracts/ledger/service/many.py:_RAISE": AFTER,
    "contracts/observations/imported.py:_RAISE": AFTER,
    "contracts/organisations/many.py:_USED": "organisations are national; it answers only whether one is named",
    "contracts/tabular/queries.py:_AMOUNTS": "a median over a region that the caller has named and may see",
    "contracts/tabular/queries.py:standing_observations": AFTER,
    "contracts/documents/queries.py:_PARTS": AFTER,
    "contracts/failures/queries.py:_BOOKED": AFTER,
    "contracts/contracts/statement.py:SELECT": "a part of statements in queries.py whose WHERE carries the scope",
    "contracts/contracts/service/store.py:_LOCK": "locks a row and reads nothing; the scoped read follows",
    "contracts/contracts/service/store.py:_MOVE": AFTER,
    "contracts/budgets/queries.py:find_project": "the key is the unit's and answers an id only",
    "contracts/dues/queries.py:_MOVES": AFTER,
    "contracts/monitoring/queries.py:_ACTIVE": "the system's own sweep; it answers ids to the sweep only",
    "contracts/monitoring/queries.py:_GOALS": AFTER,
    "contracts/monitoring/queries.py:_MONEY": AFTER,
    "contracts/findings/queries.py:_RECTIFICATION": AFTER,
    "contracts/obligations/facts.py:_FACTS": AFTER,
    "contracts/obligations/service/keep.py:_CHANGED": "the system's own sweep; it answers ids to the sweep only",
    "contracts/obligations/service/keep.py:_PAST": "the system's own sweep; it answers ids to the sweep only",
    "contracts/ledger/queries.py:_ACCOUNTS": AFTER,
    "contracts/exchange/contents.py:_BASES": SEEN,
    "contracts/exchange/contents.py:_CONTRACTS": SEEN,
    "contracts/exchange/contents.py:_FACTS": SEEN,
    "contracts/exchange/contents.py:_PAID": SEEN,
    "contracts/exchange/contents.py:_TOLD": SEEN,
    "contracts/exchange/queries.py:_FIRST": "a part of a statement whose WHERE carries `visible`",
    "contracts/exchange/queries.py:_LATEST": "a part of a statement whose WHERE carries `visible`",
    "contracts/exchange/queries.py:changes_after": "its WHERE carries `visible`, which has the scope and what is published",
    "contracts/exchange/queries.py:contracts_of": "its WHERE carries `visible`, which has the scope and what is published",
    "contracts/exchange/queries.py:last_place": "a place of the feed is no row; it says only which offsets this database has given out",
    "contracts/exchange/queries.py:size_of": "its WHERE carries `visible`, which has the scope and what is published",
    "contracts/ledger/queries.py:_BALANCE": AFTER,
    "contracts/search/queries.py:_with_shares": "both branches carry the caller's scope on contract_search, as find_contracts has made it",
    "contracts/ledger/queries.py:_OWN": AFTER,
    "contracts/ledger/queries.py:_DAYS": AFTER,
    "contracts/ledger/queries.py:_PARTS": AFTER,
    "contracts/ledger/queries.py:_SAVINGS": AFTER,
    "contracts/ledger/queries.py:_TOTALS": AFTER,
    "contracts/ledger/service/imported.py:record_imported_transactions": AFTER,
    "contracts/contracts/service/parties.py:_SUCCEED": "contracts that open_contracts_of has locked and the scope was checked for",
    "contracts/contracts/service/framework.py:_CALLED": "figures of a framework agreement over the call-offs of all regions",
    "contracts/contracts/service/framework.py:_FRAMEWORK": "a province's framework agreement serves its counties; read by the id that a call-off names",
    "contracts/contracts/service/parties.py:_LAPSE": "contracts that open_contracts_of has locked and the scope was checked for",
    "contracts/contracts/service/parties.py:_OPEN": "the caller refuses when one lies outside the scope",
    "contracts/contracts/service/parties.py:_RAISE": "contracts that open_contracts_of has locked and the scope was checked for",
    "contracts/ledger/service/parts.py:_IN_FRAMEWORK": AFTER,
    "contracts/ledger/service/parts.py:_OPEN_CALL_OFF": AFTER,
    "contracts/ledger/service/post.py:_SETTLED": AFTER,
    "contracts/ledger/service/parts.py:_STANDS": "a part of statements that run by id after open_for_fact",
    "contracts/ledger/service/parts.py:_TOTALS": AFTER,
    "contracts/structure/queries.py:call_off_head": "runs by id after open_for_fact has found the framework agreement in the caller's scope",
    "contracts/contracts/service/retell.py:_RAISE": AFTER,
    "contracts/disclosure/queries.py:MARKS": "a part of a statement whose WHERE carries the scope of the contract",
    "contracts/disclosure/queries.py:_HIDING": "a part of a statement whose WHERE carries the scope, or of a publication",
    "contracts/disclosure/queries.py:_IN_FORCE": AFTER,
    "contracts/disclosure/queries.py:_PARTIES": AFTER,
    "contracts/marks/queries.py:list_marks": "a part of an ORM statement, which the hook scopes",
    "contracts/campaigns/reminding.py:_REMINDED": EVENTS,
    "contracts/campaigns/requirements.py:CONDITIONS": "a part of a statement whose WHERE carries the scope of the contract",
    "contracts/campaigns/requirements.py:_STANDING": "a part of a statement whose WHERE carries the scope of the contract",
    "contracts/campaigns/service.py:open_returns": "the opener sees the whole scope of the campaign (403 else), and the job too",
    "contracts/documents/queries.py:_ERASE_PERSONAL": EVENTS,
    "contracts/documents/queries.py:_KEPT": EVENTS,
    "contracts/documents/queries.py:_SOMEWHERE": "asks whether a file, which all regions keep once, is still needed",
    "contracts/registers/erasing.py:_HIDDEN": EVENTS,
    "contracts/registers/erasing.py:_MONEY": EVENTS,
    "contracts/registers/erasing.py:_PROVIDER": EVENTS,
    "contracts/tabular/erasing.py:TARGETS": EVENTS,
    "contracts/tabular/erasing.py:_HEAD": EVENTS,
    "contracts/retention/queries.py:_IMPORTS": EVENTS,
    "contracts/retention/queries.py:_IS_HELD": EVENTS,
    "contracts/structure/queries.py:call_off_values": AFTER,
    "contracts/retention/erasing.py:_FREE_TEXT": EVENTS,
    "contracts/retention/erasing.py:_MARKED": EVENTS,
    "contracts/retention/erasing.py:_PARTS": EVENTS,
    "contracts/retention/erasing.py:empty_personal_fields": EVENTS,
    "contracts/retention/queries.py:_APPEALS": AFTER,
    "contracts/retention/queries.py:_CALL_OFFS": EVENTS,
    "contracts/retention/queries.py:_PERSONS": EVENTS,
    "contracts/retention/service.py:_LOCK": EVENTS,
    "contracts/registers/queries.py:_CONTRACTS": PUBLISHED,
    "contracts/registers/queries.py:_PART": PUBLISHED,
    "contracts/registers/queries.py:_PROVIDES": PUBLISHED,
    "contracts/registers/queries.py:_RECORD": PUBLISHED,
    "contracts/registers/service.py:_FOLD_PARTIES": EVENTS,
    "contracts/registers/service.py:_FOLD_REGIONS": EVENTS,
    "contracts/registers/sums.py:_HIDDEN": PUBLISHED,
    "contracts/registers/sums.py:_REGIONS": PUBLISHED,
    "contracts/registers/sums.py:_SEEN": PUBLISHED,
    "contracts/registers/sums.py:_TOTALS": PUBLISHED,
    "contracts/search/queries.py:_SELECT": "its WHERE carries `_add_places`, which cuts the region to the scope",
    "contracts/search/queries.py:_text_statement": "its WHERE carries `_add_places`, which cuts the region to the scope",
    "contracts/search/service.py:_DUE": EVENTS,
    "contracts/search/service.py:_NEIGHBOURS": EVENTS,
    "contracts/search/service.py:_STORE": EVENTS,
    "surveys/responses/statements.py:INSERT": "anybody may answer an open wave; nothing of the wave is given out",
    "surveys/responses/statements.py:OPEN": "anybody may answer an open wave; nothing of the wave is given out",
    "surveys/responses/retention.py:_DELETE": EVENTS,
    "scoring/calibrations/queries.py:_FLAG": HOLDS,
    "scoring/calibrations/queries.py:_ROUNDS": HOLDS,
    "scoring/determinations/awaited.py:_AWAITED": HOLDS,
    "scoring/evidence/queries.py:": EVENTS,
    "scoring/evidence/queries.py:_LOCK": EVENTS,
    "scoring/evidence/queries.py:_NEXT": EVENTS,
    "scoring/scores/queries.py:_READ": EVENTS,
    "scoring/scores/retirement.py:_MARK": EVENTS,
    "scoring/scores/targets/queries.py:_OWN": "of a contract that was found in the caller's scope",
    "scoring/scores/targets/queries.py:_PAST": "distributions of at least eight targets over all regions, never a row",
    "scoring/scores/targets/queries.py:_TERMS": "by id and version of a contract that was found in the caller's scope",
    "scoring/scores/uncertainty.py:_TAKE": EVENTS,
    "gateway/feed/queries.py:stored_versions": EVENTS,
    "gateway/feed/service.py:compact": EVENTS,
}


def region_owned(service: str) -> set[str]:
    metadata = import_module(f"{service}.tables").metadata
    return {name for name, table in metadata.tables.items() if "region" in table.columns} - TECHNICAL


def sql_texts(tree: ast.Module) -> Iterator[tuple[str, str, int]]:
    """(name of the function or constant, text, line) of every string that looks like SQL."""

    def text_of(node: ast.AST) -> str | None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        if isinstance(node, ast.JoinedStr):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else " " for part in node.values)
        return None

    def walk(node: ast.AST, name: str) -> Iterator[tuple[str, str, int]]:
        for child in ast.iter_child_nodes(node):
            inner = name
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                inner = child.name
            elif name == "" and isinstance(child, ast.Assign) and isinstance(child.targets[0], ast.Name):
                inner = child.targets[0].id
            text = text_of(child)
            if text and re.search(r"\b(SELECT|UPDATE|DELETE|INSERT)\b", text):
                yield inner, text, getattr(child, "lineno", 0)
            if not isinstance(child, ast.JoinedStr):
                yield from walk(child, inner)

    yield from walk(tree, "")


def users_of(tree: ast.Module, name: str) -> list[str]:
    """Source names that appear in the functions of a module which use a constant (or in the function itself)."""
    used = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
            if node.name == name or name in names:
                used += sorted(names)
    return used


def unscoped(service: str) -> list[str]:
    tables = "|".join(sorted(region_owned(service)))
    touches = re.compile(rf"\b(FROM|JOIN|UPDATE)\s+({tables})\b", re.IGNORECASE)
    package = ROOT / "services" / service / "src" / service
    found = []
    for path in sorted(package.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name, text, _ in sql_texts(tree):
            if touches.search(text) and not SCOPED & set(users_of(tree, name)):
                found.append(f"{service}/{path.relative_to(package)}:{name}")
    return sorted(set(found))


@pytest.mark.parametrize("service", SERVICES)
def test_sql_text_on_region_owned_tables_is_scoped_or_says_why(service: str) -> None:
    missing = [place for place in unscoped(service) if place not in UNSCOPED]
    assert not missing, f"no scope and no reason: {missing}"


def test_no_reason_is_left_over() -> None:
    places = {place for service in SERVICES for place in unscoped(service)}
    assert set(UNSCOPED) <= places


def test_a_statement_without_scope_would_be_found() -> None:
    tree = ast.parse('async def read(session):\n    return await session.execute(text("SELECT * FROM contracts"))\n')
    assert [(name, line) for name, _, line in sql_texts(tree)] == [("read", 2)]
    assert not SCOPED & set(users_of(tree, "read"))
