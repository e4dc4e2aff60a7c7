"""What should stand, less what stands, is what to post."""

from dataclasses import asdict, replace

import pytest

from penalties.ledger import difference
from penalties.ledger.difference import Charge
from penalties.models import LedgerEntry
from tests.penalties.ledger_entries import Posted, append


def charge(point_id: int = 1, payer_code: str = "210502", amount_fen: int = 3_000_000, **changes: object) -> Charge:
    values: dict[str, object] = {"recognition_id": 100 + point_id, "month": "2025-10", "basis": "satellite", **changes}
    return Charge(
        point_id=point_id, payer_code=payer_code, payer_name=f"付款单位{payer_code}", amount_fen=amount_fen,
        **{"rule_ref": "benxi-c12@1", **values},  # type: ignore[arg-type]
    )  # fmt: skip


def post(entries: list[Posted], desired: list[Charge]) -> list[Posted]:
    return append(entries, {charge.point_id: charge for charge in desired})


def columns(entries: list[Posted]) -> list[tuple[int, int, int, int, str, str, int | None]]:
    return [(e.point_id, e.seq, e.amount_fen, e.balance_fen, e.payer_code, e.cause, e.reverses_id) for e in entries]


def test_a_new_charge_is_posted_once_and_only_once() -> None:
    entries = post([], [charge()])
    assert columns(entries) == [(1, 1, 3_000_000, 3_000_000, "210502", "charged", None)]
    assert post(entries, [charge()]) == entries


def test_a_point_merged_away_gives_its_money_back() -> None:
    entries = post(post([], [charge(1), charge(2)]), [charge(2)])
    assert columns(entries)[2:] == [(1, 2, -3_000_000, 0, "210502", "withdrawn", 1)]


def test_a_change_of_county_is_a_reversal_and_a_charge_in_one_step() -> None:
    entries = post(post([], [charge()]), [charge(payer_code="210503")])
    assert columns(entries)[1:] == [
        (1, 2, -3_000_000, 0, "210502", "payer_changed", 1),
        (1, 3, 3_000_000, 3_000_000, "210503", "payer_changed", None),
    ]


def test_a_change_of_amount_is_a_reversal_of_the_old_amount() -> None:
    entries = post(post([], [charge()]), [charge(amount_fen=5_000_000)])
    assert [(d[2], d[5]) for d in columns(entries)[1:]] == [
        (-3_000_000, "amount_changed"),
        (5_000_000, "amount_changed"),
    ]


@pytest.mark.parametrize("changes", [{"month": "2025-11"}, {"basis": "scar"}, {"rule_ref": "benxi-c12@2"}])
def test_a_change_of_a_column_of_the_finance_table_moves_the_charge(changes: dict[str, str]) -> None:
    entries = post(post([], [charge()]), [charge(**changes)])
    assert [(d[2], d[5]) for d in columns(entries)[1:]] == [(-3_000_000, "facts_changed"), (3_000_000, "facts_changed")]


def test_a_new_recognition_with_equal_terms_moves_no_money() -> None:
    entries = post([], [charge()])
    assert post(entries, [replace(charge(recognition_id=999), payer_name="新名")]) == entries


def test_a_charge_of_nothing_is_no_entry() -> None:
    assert post([], [charge(amount_fen=0)]) == []
    entries = post(post([], [charge()]), [charge(amount_fen=0)])
    assert columns(entries)[1:] == [(1, 2, -3_000_000, 0, "210502", "withdrawn", 1)]


def test_a_point_charged_again_after_its_money_went_back_continues_its_own_numbers() -> None:
    entries = post(post(post([], [charge()]), []), [charge()])
    assert [(d[1], d[3]) for d in columns(entries)] == [(1, 3_000_000), (2, 0), (3, 3_000_000)]


def test_every_reason_has_words() -> None:
    entries = post(post(post([], [charge()]), [charge(payer_code="9")]), [])
    assert [entry.reason for entry in entries] == ["认定计入", "付款单位变更", "付款单位变更", "不再计入，退回"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"amount_fen": -1}, "不能为负"),
        ({"basis": "lead"}, "扣缴依据"),
        ({"month": "2025-13"}, "YYYY-MM"),
        ({"month": "2025-1"}, "YYYY-MM"),
        ({"month": "２０２５-10"}, "YYYY-MM"),
    ],
)
def test_a_charge_that_cannot_be_is_refused(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        replace(charge(), **changes)  # type: ignore[arg-type]


GOOD = append([], {1: charge()})[0]
BACK = append([GOOD], {})[1]


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ([replace(GOOD, seq=2)], "序号不连续"),
        ([GOOD, replace(GOOD, id=2, seq=2)], "余额"),
        ([GOOD, replace(GOOD, id=2, seq=2, balance_fen=6_000_000)], "既不是零"),
        ([replace(GOOD, balance_fen=1)], "不等于"),
        ([replace(GOOD, amount_fen=1, balance_fen=1)], "既不是零"),
        ([replace(GOOD, pinned_fen=0, amount_fen=0, balance_fen=0)], "大于零"),
        ([replace(GOOD, basis="lead")], "不认识的扣缴依据“lead”"),
        ([replace(GOOD, month="2025-1")], "YYYY-MM"),
        ([GOOD, replace(BACK, reverses_id=7)], "冲回的不是"),
        ([GOOD, BACK, replace(BACK, id=3, seq=3, amount_fen=0)], "冲回的不是"),
        ([GOOD, replace(BACK, payer_code="210503")], "不一致"),
        ([GOOD, replace(GOOD, id=2, seq=2, amount_fen=0)], "没有冲回"),
        ([BACK], "序号不连续"),
        ([replace(BACK, seq=1, amount_fen=0)], "冲回的不是"),
    ],
)
def test_a_ledger_changed_by_hand_is_reported(entries: list[Posted], sentence: str) -> None:
    assert sentence in "；".join(difference.faults_of(entries))


def test_every_problem_of_a_ledger_is_named_with_its_point_and_number() -> None:
    entries = [replace(GOOD, seq=2), replace(GOOD, id=2, point_id=10, balance_fen=1)]
    with pytest.raises(difference.LedgerBroken) as broken:
        difference.replay(entries)
    assert [problem.partition("：")[0] for problem in broken.value.problems] == ["火点 1 第 2 笔", "火点 10 第 1 笔"]


def test_a_sound_ledger_has_no_problems_in_any_order() -> None:
    assert difference.replay([BACK, GOOD]) == {1: BACK}
    assert difference.replay([BACK, GOOD]) == {1: BACK}


def test_the_difference_comes_in_the_order_of_numbers_nine_before_ten() -> None:
    drafts = difference.diff({10: charge(10), 9: charge(9)}, {100: replace(GOOD, point_id=100)})
    assert [draft.point_id for draft in drafts] == [9, 10, 100]


def test_a_row_of_the_ledger_has_every_column_of_a_draft() -> None:
    names = set(asdict(GOOD)) - {"cause"} | {"reason"}
    assert all(hasattr(LedgerEntry, name) for name in names)
