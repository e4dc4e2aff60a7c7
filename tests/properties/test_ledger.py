"""Whatever is decided, in whatever order, the ledger ends where the decisions end."""

from hypothesis import given
from hypothesis import strategies as st

from penalties.ledger import difference
from penalties.ledger.difference import Charge
from tests.penalties.ledger_entries import Posted, append

POINTS = [2, 9, 10, 11, 100]  # as text they would come in another order


@st.composite
def wishes(draw: st.DrawFn) -> dict[int, Charge]:
    """One state of all decisions: some points charged, to some payer, by some rule."""
    chosen = draw(st.lists(st.sampled_from(POINTS), unique=True))
    return {
        point: Charge(
            point_id=point,
            recognition_id=draw(st.integers(1, 3)),
            payer_code=draw(st.sampled_from(["210502", "210503"])),
            payer_name="付款单位",
            month=draw(st.sampled_from(["2025-10", "2025-11"])),
            basis=draw(st.sampled_from(difference.BASES)),
            amount_fen=draw(st.sampled_from([0, 3_000_000, 10_000_000])),
            rule_ref=draw(st.sampled_from(["a@1", "a@2"])),
        )
        for point in chosen
    }


HISTORIES = st.lists(wishes(), min_size=1, max_size=6)


@given(HISTORIES)
def test_after_posting_there_is_nothing_left_to_post(history: list[dict[int, Charge]]) -> None:
    entries: list[Posted] = []
    for desired in history:
        entries = append(entries, desired)
        assert difference.diff(desired, difference.replay(entries)) == []


@given(HISTORIES)
def test_the_entries_add_up_to_what_was_last_desired(history: list[dict[int, Charge]]) -> None:
    entries: list[Posted] = []
    for desired in history:
        entries = append(entries, desired)
    assert sum(entry.amount_fen for entry in entries) == sum(charge.amount_fen for charge in history[-1].values())


@given(HISTORIES)
def test_every_payer_month_and_basis_adds_up_too(history: list[dict[int, Charge]]) -> None:
    entries: list[Posted] = []
    for desired in history:
        entries = append(entries, desired)
    sums: dict[tuple[str, str, str], int] = {}
    for entry in entries:
        key = (entry.payer_code, entry.month, entry.basis)
        sums[key] = sums.get(key, 0) + entry.amount_fen
    for charge in history[-1].values():
        sums[charge.payer_code, charge.month, charge.basis] = (
            sums.get((charge.payer_code, charge.month, charge.basis), 0) - charge.amount_fen
        )
    assert not any(sums.values())


@given(HISTORIES)
def test_every_balance_is_zero_or_pinned_and_every_charge_is_reversed_at_most_once(
    history: list[dict[int, Charge]],
) -> None:
    entries: list[Posted] = []
    for desired in history:
        entries = append(entries, desired)
    reversed_ids = [entry.reverses_id for entry in entries if entry.reverses_id is not None]
    assert len(reversed_ids) == len(set(reversed_ids))
    assert len({(entry.point_id, entry.seq) for entry in entries}) == len(entries)
    assert all(entry.balance_fen in (0, entry.pinned_fen) for entry in entries)
    assert list(difference.faults_of(sorted(entries, key=lambda entry: (entry.point_id, entry.seq)))) == []


@given(HISTORIES, st.randoms(use_true_random=False))
def test_where_points_stand_does_not_depend_on_the_order_of_reading(
    history: list[dict[int, Charge]], random: object
) -> None:
    entries: list[Posted] = []
    for desired in history:
        entries = append(entries, desired)
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert difference.replay(shuffled) == difference.replay(entries)


@given(wishes(), wishes())
def test_the_difference_comes_in_the_order_of_the_points(before: dict[int, Charge], after: dict[int, Charge]) -> None:
    entries = append([], before)
    order = [(draft.point_id, draft.seq) for draft in difference.diff(after, difference.replay(entries))]
    assert order == sorted(order)
