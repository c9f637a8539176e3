import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ocdsmerge.rules import get_merge_rules

from gongping_client.ocds.merge import _RULES, MergeError, compile_releases
from gongping_client.ocds.reader import Item, read_items
from gongping_client.ocds.scan import scan

SHELF = Path(__file__).parents[3] / "shared" / "data"
Json = dict[str, Any]


def read(folder: Path, content: bytes | str | Json, *, name: str = "file.json") -> list[Item]:
    path = folder / name
    data = json.dumps(content) if isinstance(content, dict) else content
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(read_items(path, scan(path)))


def release(ocid: str, day: int = 1, **fields: object) -> Json:
    return {"ocid": ocid, "id": f"{ocid}-{day}", "date": f"2020-01-{day:02}T00:00:00Z", "tag": ["contract"], **fields}


def test_a_release_package_is_read_release_by_release(tmp_path: Path) -> None:
    items = read(tmp_path, {"releases": [release("a"), release("b")], "publisher": {"name": "p"}})
    assert [(item.place, item.ocid) for item in items] == [("releases[0]", "a"), ("releases[1]", "b")]
    assert items[0].release == release("a")


def test_figures_stay_exact(tmp_path: Path) -> None:
    (item,) = read(tmp_path, '{"releases":[{"ocid":"a","v":12345678901234.56,"w":0.1}]}')
    assert item.release is not None
    assert (item.release["v"], item.release["w"]) == (Decimal("12345678901234.56"), Decimal("0.1"))


def test_several_releases_of_a_process_are_compiled(tmp_path: Path) -> None:
    first = release("a", 1, title="old", contracts=[{"id": "c", "status": "active", "value": {"amount": 1.10}}])
    last = release("a", 3, contracts=[{"id": "c", "status": "terminated"}, {"id": "d"}])
    middle = release("a", 2, title="new")
    items = read(tmp_path, {"releases": [last, release("b"), first, middle]})
    assert [(item.ocid, item.place, item.entries) for item in items] == [
        ("b", "releases[1]", 1),
        ("a", "releases[0]", 3),
    ]
    compiled = items[1].release
    assert compiled is not None
    assert compiled["title"] == "new"
    assert compiled["contracts"] == [
        {"id": "c", "status": "terminated", "value": {"amount": Decimal("1.1")}},
        {"id": "d"},
    ]


def test_releases_are_ordered_by_instant_not_by_text() -> None:
    early = release("a") | {"date": "2020-01-01T23:00:00-08:00", "title": "late in the west"}
    late = release("a") | {"date": "2020-01-02T01:00:00+08:00", "title": "early in the east"}
    assert compile_releases([early, late])["title"] == "late in the west"


def test_releases_without_a_date_cannot_be_compiled(tmp_path: Path) -> None:
    undated = release("a", 2)
    del undated["date"]
    (item,) = read(tmp_path, {"releases": [release("a"), undated]})
    assert item.release is None
    assert item.reason == ("it comes in several releases, and the date None of one does not say its place among them")
    with pytest.raises(MergeError, match="cannot be merged"):
        compile_releases([release("a", 1, contracts="x"), release("a", 2, contracts=[{"id": 1}, {"id": 1}])])


def test_a_record_gives_its_compiled_release_or_its_releases_compiled(tmp_path: Path) -> None:
    linked = {"url": "https://example.org/1", "date": "2020-01-01T00:00:00Z", "tag": ["contract"]}
    records = [
        {"ocid": "a", "compiledRelease": release("a", title="compiled"), "releases": [linked]},
        {"ocid": "b", "releases": [release("b", 1, title="old"), release("b", 2, title="new")]},
        {"ocid": "c", "releases": [linked]},
        {"ocid": "d"},
        {"ocid": "a", "compiledRelease": release("a", title="again")},
        {"ocid": "e", "releases": []},
    ]
    items = read(tmp_path, {"records": records})
    assert [item.release["title"] if item.release else item.reason for item in items] == [
        "compiled",
        "new",
        "no compiledRelease, and 1 of its 1 releases are links; nothing is fetched",
        "the record has neither a compiledRelease nor releases",
        "a second record of the same process",
        "the record has neither a compiledRelease nor releases",
    ]
    assert items[0].place == "records[0].compiledRelease"


def test_a_broken_file_gives_what_stands_before(tmp_path: Path) -> None:
    text = json.dumps({"releases": [release("a"), release("b", 1), release("b", 2), release("c")]})
    items = read(tmp_path, text[: text.index('"ocid": "c"') - 1])
    assert [(item.ocid, item.entries) for item in items] == [("a", 1), ("b", 2)]


def test_a_number_that_is_none_spoils_its_own_release_only(tmp_path: Path) -> None:
    items = read(tmp_path, '{"releases":[{"ocid":"a","v":NaN},{"ocid":"b","t":"NaN"}]}')
    assert [item.release for item in items] == [
        {"ocid": "a", "v": {"$number": "not finite"}},
        {"ocid": "b", "t": "NaN"},
    ]


def test_lines_are_read_line_by_line(tmp_path: Path) -> None:
    package = json.dumps({"releases": [release("b"), release("a", 2, title="new")]})
    record = json.dumps({"ocid": "r", "compiledRelease": release("r")})
    text = f"{json.dumps(release('a', 1))}\n\n{{bad}}\n{package}\n{record}\n7\n\xff\n"
    items = read(tmp_path, text.encode("latin-1"), name="file.jsonl")
    assert [(item.place, item.ocid, item.entries) for item in items] == [
        ("line 3", None, 1),
        ("line 4.releases[0]", "b", 1),
        ("line 1", "a", 2),
        ("line 5.compiledRelease", "r", 1),
        ("line 6", None, 1),
        ("line 7", None, 1),
    ]
    assert [item.reason for item in items if item.reason] == [
        "Expecting property name enclosed in double quotes (column 2)",
        "is no object: 7",
        "invalid UTF-8 (byte 0)",
    ]


def test_lines_are_recognised_without_their_suffix(tmp_path: Path) -> None:
    assert [item.ocid for item in read(tmp_path, f"{json.dumps(release('a'))}\n{json.dumps(release('b'))}")] == [
        "a",
        "b",
    ]
    assert [item.ocid for item in read(tmp_path, json.dumps(release("a"), indent=1))] == ["a"]


@pytest.mark.parametrize("content", ["[]", "7", '{"a":1}', '{"releases":{}}'])
def test_what_is_no_package_gives_nothing(tmp_path: Path, content: str) -> None:
    assert read(tmp_path, content) == []


MEASURE = """
import resource, sys
from pathlib import Path
from gongping_client.ocds.scan import scan
from gongping_client.ocds.reader import read_items
path = Path(sys.argv[1])
print(sum(1 for _ in read_items(path, scan(path))), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_a_large_package_passes_through_little_memory(tmp_path: Path) -> None:
    def measure(count: int) -> int:
        path = tmp_path / f"{count}.json"
        with path.open("w", encoding="utf-8") as file:
            file.write('{"releases":[')
            for number in range(count):
                # every process comes twice, the second time at the far end
                file.write(
                    json.dumps(release(f"ocds-{number % (count // 2)}", 1 + number * 2 // count, text="x" * 2000))
                )
                file.write("," if number < count - 1 else "]}")
        command = [sys.executable, "-c", MEASURE, str(path)]
        environment = {**os.environ, "COVERAGE_PROCESS_START": ""}
        result = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        found, memory = map(int, result.stdout.split())
        assert found == count // 2
        return memory * 1024

    growth = measure(4_000) - measure(40)
    assert growth < 4_000 * 2000 / 2, f"{growth} bytes more for 8 MB more of file"


@pytest.mark.skipif(not SHELF.exists(), reason="the shared data are not there")
def test_the_merge_rules_are_those_of_the_standard() -> None:
    schema = json.loads((SHELF / "ocds-schema" / "patched-release-schema.json").read_text(encoding="utf-8"))
    ours = {
        path: rule for path, rule in _RULES.items() if path != ("contracts", "amendments", "rationaleClassifications")
    }
    assert ours == get_merge_rules(schema)


@pytest.mark.skipif(not SHELF.exists(), reason="the shared data are not there")
def test_the_standards_own_record_is_read() -> None:
    path = SHELF / "examples" / "record.json"
    (item,) = read_items(path, scan(path))
    assert item.ocid == "ocds-213czf-000-00001"
    assert item.release is not None
