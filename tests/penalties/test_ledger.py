"""What should stand, less what stands, is what to post."""

from dataclasses import replace

import pytest

from penalties import ledger
from penalties.ledger import Charge, Entry, EntryDraft, Posted


def charge(point: str = "p1", payer: str = "210502", amount_fen: int = 3_000_000, **changes: str) -> Charge:
    known = Charge(point, f"r-{point}", payer, f"付款单位{payer}", "2025-10", "satellite", amount_fen, "benxi-c12@1")
    return replace(known, **changes)


def post(entries: list[Entry], desired: list[Charge]) -> list[Entry]:
    """What building a batch does: ask for the difference and append it."""
    drafts = ledger.diff({item.point_id: item for item in desired}, ledger.replay(entries))
    return [*entries, *(Entry(len(entries) + n, draft) for n, draft in enumerate(drafts, 1))]


def shown(entries: list[Entry]) -> list[tuple[str, int, int, int, str, str, int | None]]:
    return [
        (d.point_id, d.seq, d.amount_fen, d.balance_fen, d.pinned.payer_code, d.reason, d.reverses)
        for d in (entry.draft for entry in entries)
    ]


def test_a_new_charge_is_posted_once_and_only_once() -> None:
    entries = post([], [charge()])
    assert shown(entries) == [("p1", 1, 3_000_000, 3_000_000, "210502", "charged", None)]
    assert post(entries, [charge()]) == entries


def test_a_point_merged_away_gives_its_money_back() -> None:
    entries = post(post([], [charge("p1"), charge("p2")]), [charge("p2")])
    assert shown(entries)[2:] == [("p1", 2, -3_000_000, 0, "210502", "withdrawn", 1)]


def test_a_change_of_county_is_a_reversal_and_a_charge_in_one_step() -> None:
    entries = post(post([], [charge()]), [charge(payer="210503")])
    assert shown(entries)[1:] == [
        ("p1", 2, -3_000_000, 0, "210502", "payer_changed", 1),
        ("p1", 3, 3_000_000, 3_000_000, "210503", "payer_changed", None),
    ]


def test_a_change_of_amount_is_a_reversal_of_the_old_amount() -> None:
    entries = post(post([], [charge()]), [charge(amount_fen=5_000_000)])
    assert [(d[2], d[5]) for d in shown(entries)[1:]] == [(-3_000_000, "amount_changed"), (5_000_000, "amount_changed")]


@pytest.mark.parametrize("changes", [{"month": "2025-11"}, {"basis": "scar"}, {"rule_ref": "benxi-c12@2"}])
def test_a_change_of_a_column_of_the_finance_table_moves_the_charge(changes: dict[str, str]) -> None:
    entries = post(post([], [charge()]), [charge(**changes)])
    assert [(d[2], d[5]) for d in shown(entries)[1:]] == [(-3_000_000, "facts_changed"), (3_000_000, "facts_changed")]


def test_a_new_recognition_with_equal_terms_moves_no_money() -> None:
    entries = post([], [charge()])
    assert post(entries, [charge(recognition_id="r-later", payer_name="新名")]) == entries


def test_a_charge_of_nothing_is_no_entry() -> None:
    assert post([], [charge(amount_fen=0)]) == []
    entries = post(post([], [charge()]), [charge(amount_fen=0)])
    assert shown(entries)[1:] == [("p1", 2, -3_000_000, 0, "210502", "withdrawn", 1)]


def test_a_point_charged_again_after_its_money_went_back_continues_its_own_numbers() -> None:
    entries = post(post(post([], [charge()]), []), [charge()])
    assert [(d[1], d[3]) for d in shown(entries)] == [(1, 3_000_000), (2, 0), (3, 3_000_000)]


def test_every_reason_has_words() -> None:
    entries = post(post(post([], [charge()]), [charge(payer="9")]), [])
    assert {d.draft.reason for d in entries} <= ledger.REASONS.keys()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"amount_fen": -1}, "不能为负"),
        ({"basis": "lead"}, "扣缴依据"),
        ({"month": "2025-13"}, "YYYY-MM"),
        ({"month": "2025-1"}, "YYYY-MM"),
    ],
)
def test_a_charge_that_cannot_be_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(charge(), **changes)  # type: ignore[arg-type]


GOOD = EntryDraft("p1", 1, 3_000_000, 3_000_000, charge(), "charged")
BACK = EntryDraft("p1", 2, -3_000_000, 0, charge(), "withdrawn", reverses=1)


@pytest.mark.parametrize(
    ("drafts", "said"),
    [
        ([replace(GOOD, seq=2)], "序号不连续"),
        ([GOOD, replace(GOOD, seq=2)], "余额"),
        ([GOOD, replace(GOOD, seq=2, balance_fen=6_000_000)], "既不是零"),
        ([replace(GOOD, balance_fen=1)], "不等于"),
        ([replace(GOOD, amount_fen=1, balance_fen=1)], "既不是零"),
        ([replace(GOOD, pinned=charge(amount_fen=0), amount_fen=0, balance_fen=0)], "大于零"),
        ([GOOD, replace(BACK, reverses=7)], "冲回的不是"),
        ([GOOD, BACK, replace(BACK, seq=3, amount_fen=0)], "冲回的不是"),
        ([GOOD, replace(BACK, pinned=charge(payer="210503"))], "不一致"),
        ([GOOD, replace(GOOD, seq=2, amount_fen=0)], "没有冲回"),
    ],
)
def test_a_ledger_changed_by_hand_is_found(drafts: list[EntryDraft], said: str) -> None:
    found = ledger.problems_of(Entry(n, draft) for n, draft in enumerate(drafts, 1))
    assert found
    assert said in "；".join(found)


def test_a_sound_ledger_has_no_problems_in_any_order() -> None:
    entries = [Entry(1, GOOD), Entry(2, BACK)]
    assert ledger.problems_of(entries[::-1]) == []
    assert ledger.replay(entries[::-1]) == {"p1": Posted("p1", 2, 0, 2, charge())}


def test_the_difference_comes_in_point_order() -> None:
    drafts = ledger.diff({"b": charge("b"), "a": charge("a")}, {})
    assert [draft.point_id for draft in drafts] == ["a", "b"]
