"""The rules of Benxi and of other cities, as data."""

from datetime import date
from typing import Any

import pytest

from penalties.rules import pricing

YUAN = 100
DOUBLING = {"kind": "doubling", "first_fen": 100}
BY_COUNTY_AND_YEAR = {"scope": "county", "reset": "year"}


def definition(**changes: Any) -> dict[str, Any]:
    """Benxi's first rule (C12): 30,000 yuan a point from the day of issue, all the rest off."""
    return {
        "code": "benxi-c12", "version": 1, "title": "每处扣缴3万元", "clause": "四（二）",
        "document_no": "本政办发〔2022〕29号", "valid_from": "2022-09-30", "valid_to": None,
        "base": {"kind": "fixed", "amount_fen": 3_000_000}, "count": None, "seasons": [], "sources": None,
        "cap_fen": None,
        "zone_class": None, "payer_map": None, "merge_rule": None, "deadlines": None, "negative_proof": None,
        **changes,
    }  # fmt: skip


def facts(point_id: int = 1, day: date = date(2025, 10, 12), **changes: Any) -> pricing.PointFacts:
    values: dict[str, Any] = {
        "source": "national:satellite", "payer_code": "210502", "county_code": "210502", "township_code": "210502001",
        **changes,
    }  # fmt: skip
    return pricing.PointFacts(point_id, day, **values)


def amounts(rule: pricing.RuleDefinition, points: list[pricing.PointFacts]) -> list[int]:
    places = pricing.ordinals(rule, points)
    return [pricing.charge(rule, point, places.get(point.point_id, 1)).amount_fen // YUAN for point in points]


def test_benxi_takes_thirty_thousand_for_every_point_however_many() -> None:
    rule = pricing.parse(definition())
    assert amounts(rule, [facts(n) for n in range(5)]) == [30_000] * 5
    assert pricing.charge(rule, facts()).explanation == "本政办发〔2022〕29号 四（二）：每一处扣缴 3 万元。"
    assert (rule.ref, rule.fixed_fen) == ("benxi-c12@1", 3_000_000)


def test_a_fire_of_the_day_before_the_notice_has_no_rule() -> None:
    loaded = pricing.parse_all([definition()])
    assert pricing.rule_for(loaded, date(2022, 9, 29)) is None
    assert pricing.rule_for(loaded, date(2022, 9, 30)) == loaded[0]
    assert pricing.charge(loaded[0], facts(day=date(2016, 10, 1))).amount_fen == 0


def test_zhengzhou_2017_doubles_by_township_and_year() -> None:
    rule = pricing.parse(
        definition(
            code="zhengzhou-2017", valid_from="2017-01-01",
            base={"kind": "doubling", "first_fen": 100_000_000}, count={"scope": "township", "reset": "year"},
        )
    )  # fmt: skip
    day = date(2017, 6, 1)
    points = [facts(n, day) for n in range(3)] + [facts(8, day, township_code="410100009")]
    points.append(facts(9, date(2018, 6, 1)))
    assert amounts(rule, points) == [1_000_000, 2_000_000, 4_000_000, 1_000_000, 1_000_000]
    assert pricing.charge(rule, points[2], 3).explanation.endswith("乡镇（街道）本年度第 3 处，扣缴 400 万元。")
    assert rule.fixed_fen is None


def test_xuchang_takes_more_for_the_first_fire_and_a_large_one_counts_as_a_first() -> None:
    tiers = [{"from": 1, "amount_fen": 10_000_000}, {"from": 2, "amount_fen": 1_000_000}]
    rule = pricing.parse(
        definition(
            code="xuchang", base={"kind": "ordinal_tiers", "tiers": tiers},
            count={"scope": "county", "reset": "year"}, counts_as_first_mu=500,
        )
    )  # fmt: skip
    points = [facts(1), facts(2), facts(3, area_mu=500.0), facts(4, area_mu=499.9)]
    assert amounts(rule, points) == [100_000, 10_000, 100_000, 10_000]
    assert "连片 500 亩" in pricing.charge(rule, points[2], 3).explanation


def test_tieling_2016_is_the_same_rule_with_another_number() -> None:
    base = {"kind": "fixed", "amount_fen": 20_000_000}
    rule = pricing.parse(definition(code="tieling-2016", valid_from="2016-01-01", base=base))
    assert amounts(rule, [facts(day=date(2016, 10, 20))]) == [200_000]


def test_the_count_does_not_depend_on_the_order_of_arrival() -> None:
    rule = pricing.parse(definition(base=DOUBLING, count=BY_COUNTY_AND_YEAR))
    points = [facts(9, date(2025, 10, 2)), facts(30, date(2025, 10, 1)), facts(10, date(2025, 10, 2))]
    assert pricing.ordinals(rule, points) == pricing.ordinals(rule, points[::-1]) == {30: 1, 9: 2, 10: 3}


def test_a_season_window_may_run_over_new_year() -> None:
    rule = pricing.parse(definition(seasons=[{"from": "10-15", "to": "02-29"}]))
    inside = [date(2025, 10, 15), date(2025, 12, 31), date(2026, 1, 1), date(2024, 2, 29)]
    outside = [date(2025, 10, 14), date(2026, 3, 1)]
    assert amounts(rule, [facts(day=day) for day in inside + outside]) == [30_000] * 4 + [0] * 2
    assert "不在禁烧时段内" in pricing.charge(rule, facts(day=outside[0])).explanation


def test_a_source_off_the_whitelist_is_charged_nothing_and_does_not_move_the_count() -> None:
    rule = pricing.parse(
        definition(
            sources=["national:satellite"], base={"kind": "doubling", "first_fen": 100},
            count={"scope": "payer", "reset": "never"},
        )
    )  # fmt: skip
    points = [facts(1), facts(2, source="village:self"), facts(3)]
    assert pricing.ordinals(rule, points) == {1: 1, 3: 2}
    assert amounts(rule, points) == [1, 0, 2]


def test_the_cap_holds_for_one_point() -> None:
    rule = pricing.parse(definition(base=DOUBLING, count=BY_COUNTY_AND_YEAR, cap_fen=300))
    assert [pricing.charge(rule, facts(), n).amount_fen for n in (1, 2, 3, 9)] == [100, 200, 300, 300]


def test_a_new_version_replaces_the_old_one_from_its_own_first_day() -> None:
    newer = definition(version=2, valid_from="2026-01-01", base={"kind": "fixed", "amount_fen": 5_000_000})
    loaded = pricing.parse_all([newer, definition()])
    assert [pricing.rule_for(loaded, day).version for day in (date(2025, 12, 31), date(2026, 1, 1))] == [1, 2]  # type: ignore[union-attr]


def test_two_different_rules_may_not_claim_one_day() -> None:
    with pytest.raises(pricing.RuleError, match="2023-01-01 同时有多条规则生效：benxi-c12、other"):
        pricing.parse_all([definition(), definition(code="other", valid_from="2023-01-01")])
    with pytest.raises(pricing.RuleError, match="两次"):
        pricing.parse_all([definition(), definition()])


@pytest.mark.parametrize(
    "changes",
    [
        {"base": {"kind": "percentage", "basis_points": 500}},
        {"base": {"kind": "area_tiers", "tiers": []}},
        {"zone_class": {"A": 5}},
        {"period_cap_fen": 1},
        {"deadlines": {}},
    ],
)
def test_what_the_engine_cannot_honour_is_refused_on_load(changes: dict[str, Any]) -> None:
    with pytest.raises(pricing.RuleNotSupported, match="暂不支持"):
        pricing.parse(definition(**changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cap": 1}, "不认识的字段“cap”"),
        ({"base": None}, "base.kind"),
        ({"base": {"kind": "fix", "amount_fen": 1}}, "不认识的 base.kind"),
        ({"base": {"kind": "fixed", "amount_fen": 30_000.0}}, "正整数"),
        ({"base": {"kind": "fixed", "amount_fen": True}}, "正整数"),
        ({"base": {"kind": "fixed", "amount_fen": 1, "step": 2}}, "只有"),
        ({"base": {"kind": "doubling", "first_fen": 1}}, "count"),
        ({"base": {"kind": "ordinal_tiers", "tiers": [{"from": 2, "amount_fen": 1}]}}, "第 1 次"),
        ({"base": {"kind": "ordinal_tiers", "tiers": 3}}, "列表"),
        ({"count": {"scope": "village", "reset": "year"}}, "scope"),
        ({"seasons": [{"from": "10-15", "to": "02-30"}]}, "不是日期"),
        ({"seasons": [{"from": "1015", "to": "1115"}]}, "MM-DD"),
        ({"sources": []}, "非空"),
        ({"valid_from": None}, "YYYY-MM-DD"),
        ({"valid_to": "2022-09-30"}, "失效日期"),
        ({"title": " "}, "title"),
        ({"version": 0}, "version"),
    ],
)
def test_a_malformed_rule_says_which_field(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(pricing.RuleError, match=said):
        pricing.parse(definition(**changes))


def test_a_point_without_the_township_that_is_counted_by_stops_no_other_point() -> None:
    rule = pricing.parse(definition(base=DOUBLING, count={"scope": "township", "reset": "year"}))
    points = [facts(1), facts(2, township_code=""), facts(3)]
    assert pricing.ordinals(rule, points) == {1: 1, 3: 2}
    assert pricing.charge(rule, points[1]).amount_fen == 0
    assert "没有乡镇（街道），无法按乡镇（街道）计次" in pricing.charge(rule, points[1]).explanation
    assert [pricing.lacking(rule, one) for one in points] == [None, "乡镇（街道）", None]


def test_an_ordinal_starts_at_one() -> None:
    with pytest.raises(ValueError, match="序次"):
        pricing.charge(pricing.parse(definition()), facts(), 0)
