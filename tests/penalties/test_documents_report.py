"""A report whose numbers disagree makes no document."""

from dataclasses import replace

import pytest

from penalties.documents.report import Figures, MonthReport, ReportMismatch, Titles, check
from penalties.documents.wording import policy_cited
from tests.penalties.report_samples import RATE_FEN, TITLES, corrected, point_row, report


def with_row(name: str, **figures: int) -> MonthReport:
    rows = report().rows
    return report(rows=tuple(replace(r, figures=replace(r.figures, **figures)) if r.name == name else r for r in rows))


def test_the_check_says_the_multiplication() -> None:
    assert check(report()) == "11 处 × 3 万元 = 33 万元"
    assert report().total == Figures(11, 6, 3, 2, 33_000_000, 25, 75_000_000)


def test_every_payer_is_listed_with_its_group_subtotal_zeros_too() -> None:
    assert [(group, len(rows), total.count) for group, rows, total in report().subtotals] == [
        ("自治县", 2, 7),
        ("区", 4, 4),
    ]
    assert report().rows[-1].figures.count == 0


def test_a_correction_counts_against_the_month() -> None:
    assert check(corrected()) == "认定 11 处 33 万元，退回 1 处 3 万元"


def test_lines_with_an_open_rate_are_held_to_the_annex() -> None:
    rows = tuple(replace(row, rate_fen=None) for row in report().rows)
    assert check(report(rows=rows)) == "11 处，共 33 万元"


def test_lines_with_different_rates_say_no_single_rate() -> None:
    rows = tuple(replace(row, rate_fen=None if row.figures.count == 0 else RATE_FEN) for row in report().rows)
    assert check(report(rows=rows)) == "11 处，共 33 万元"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (with_row("明山区", amount_fen=6_000_001), "明山区：2 处 × 3 万元 ≠ 60,000.01 元"),
        (with_row("明山区", count=3), "明山区：明细 2 处、更正 0 处，与汇总 3 处不符"),
        (with_row("明山区", satellite=2, inspection=0), "明细中卫星 1 处，与汇总 2 处不符"),
        (with_row("明山区", scar=1), "之和不等于 2 处"),
        (report(points=report().points[:-1]), "溪湖区：明细合计 0.00 元，与汇总 30,000.00 元不符"),
        (report(points=(*report().points, point_row(99, "210599", "别处", "scar"))), "210599 有明细"),
        (report(points=(*report().points[:-1], report().points[0])), "BX-2025-0001 在明细中出现两次"),
        (report(rows=()), "没有付款单位"),
        (report(rows=(*report().rows, report().rows[0])), "列了两行"),
        (report(rows=(*report().rows[1:], report().rows[0])), "小计会出现两次"),
        (replace(corrected(), corrections=(replace(corrected().corrections[0], amount_fen=RATE_FEN),)), "应为负数"),
        (replace(corrected(), corrections=()), "平山区"),
    ],
)
def test_a_disagreement_is_named(wrong: MonthReport, said: str) -> None:
    with pytest.raises(ReportMismatch) as caught:
        check(wrong)
    assert said in str(caught.value)
    assert caught.value.problems


def test_the_marks_say_demo_and_draft() -> None:
    assert report().marks == ()
    assert report(is_demo=True, is_draft=True).marks == ("演示数据", "草稿")


@pytest.mark.parametrize(
    ("titles", "cited"),
    [
        (
            TITLES,
            "《本溪市人民政府办公室关于进一步强化秸秆禁烧管控工作的通知》（本政办发〔2022〕29号）第四部分第（二）项",
        ),
        (replace(TITLES, policy="《甲通知》", policy_no="", clause="第3条"), "《甲通知》第3条"),
        (replace(TITLES, policy="", clause=""), "本政办发〔2022〕29号"),
        (replace(TITLES, policy="", policy_no="", clause=""), "有关"),
    ],
)
def test_the_policy_is_cited_as_far_as_the_pack_names_it(titles: Titles, cited: str) -> None:
    assert policy_cited(report(titles=titles)) == cited
