"""Redaction and keyphrases. The comments are made up for the tests (simulated)."""

import math
from collections import Counter

import pytest

from surveys.kernel.redaction import redact
from surveys.kernel.text import Comment, keyphrases, log_odds, phrases


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("请打13800000000找我", "请打[电话]找我"),
        ("电话 138-0000-0000。", "电话 [电话]。"),
        ("+86 138 0000 0000", "[电话]"),
        ("１３８０００００００１", "[电话]"),
        ("座机0451-80000000", "座机[电话]"),
        ("(0451) 80000000", "[电话]"),
        ("身份证110101199001010010", "身份证[证件号]"),
        ("11010119900101001x在此", "[证件号]在此"),
        ("旧证110101900101001", "旧证[证件号]"),
        ("写信someone@example.org谢谢", "写信[邮箱]谢谢"),
        ("写信 some.one+x@mail.example.com", "写信 [邮箱]"),
        ("车牌黑A12345停在门口", "车牌[车牌]停在门口"),
        ("沪A·D12345", "[车牌]"),
        ("粤B1234学", "[车牌]"),
        ("卡号6222 0000 0000 0000 000", "卡号[账号]"),
        ("加微信: abc_12345", "加[账号]"),
        ("QQ：100000001", "[账号]"),
        ("打80000000也行", "打[电话]也行"),
        ("等了45分钟,收费120.50元,2026年11月", "等了45分钟,收费120.50元,2026年11月"),
        ("The visit on 2026-06-01 took 90 minutes", "The visit on 2026-06-01 took 90 minutes"),
        ("", ""),
    ],
)
def test_what_names_a_person_is_taken_out(text: str, clean: str) -> None:
    assert redact(text) == clean


def test_redacting_twice_changes_nothing() -> None:
    once = redact("13800000000 和 someone@example.org 和 黑A12345")
    assert redact(once) == once == "[电话] 和 [邮箱] 和 [车牌]"


def test_phrases_are_nouns_verbs_adjectives_and_their_pairs() -> None:
    found = phrases("送餐准时，护理员态度很好")
    assert found == {"送餐", "准时", "送餐准时", "护理员", "态度", "护理员态度"}
    assert phrases("The waiting room was crowded") == {"waiting", "room", "crowded", "waiting room"}
    assert phrases("") == set()


def test_names_of_persons_are_no_phrases() -> None:
    assert not any("王丽丽" in phrase for phrase in phrases("护理员王丽丽很认真"))


def comments(low: int, high: int) -> list[Comment]:
    return [Comment("送餐总是迟到，价格太高", "low")] * low + [Comment("送餐准时，饭菜可口", "high")] * high


def test_nine_respondents_give_no_phrase_and_ten_do() -> None:
    shown = {found.text for found in keyphrases(comments(9, 10))}
    assert {"迟到", "价格"}.isdisjoint(shown)
    assert {"送餐准时", "饭菜可口"} <= shown
    assert [found.text for found in keyphrases(comments(9, 9))] == ["送餐"]  # the word that 18 used
    assert keyphrases([]) == []


def test_one_respondent_counts_once() -> None:
    wordy = [Comment("迟到 " * 50, "low"), *comments(0, 30)]
    assert "迟到" not in {found.text for found in keyphrases(wordy)}


def test_sides_are_told_apart() -> None:
    found = {each.text: each for each in keyphrases(comments(60, 80))}
    assert found["迟到"].side == "low"
    assert found["饭菜可口"].side == "high"
    assert found["迟到"].z < -2 < 2 < found["饭菜可口"].z
    assert (found["迟到"].respondents, found["饭菜可口"].respondents) == (60, 80)
    again = {each.text: each for each in keyphrases(comments(63, 80))}
    assert again["迟到"].respondents == 60  # rounded down to fives


def test_redacted_parts_and_sentences_never_appear() -> None:
    many = [Comment("请联系13800000000或someone@example.org，价格高", "low")] * 20
    shown = " ".join(found.text for found in keyphrases(many))
    assert "价格" in shown
    for part in ("1380", "example", "电话", "邮箱", "联系13"):
        assert part not in shown


def test_log_odds_are_those_of_the_published_formula() -> None:
    first, second = Counter(a=30, b=10), Counter(a=10, b=40)
    found = log_odds(first, second, background=first + second)
    # By hand with prior 0.1 x 90 = 9 words: 4 for a, 5 for b.
    assert found["a"] == pytest.approx(
        (math.log(34 / (40 + 9 - 34)) - math.log(14 / (50 + 9 - 14))) / (1 / 34 + 1 / 14) ** 0.5
    )
    assert found["b"] < 0 < found["a"]
    swapped = log_odds(second, first, background=first + second)
    assert swapped["a"] == pytest.approx(-found["a"])
