"""Whatever is decided, in whatever order, the ledger ends where the decisions end."""

from hypothesis import given
from hypothesis import strategies as st

from penalties import ledger
from penalties.ledger import Charge, Entry

POINTS = [f"p{n}" for n in range(5)]


@st.composite
def wishes(draw: st.DrawFn) -> dict[str, Charge]:
    """One state of all decisions: some points charged, to some payer, by some rule."""
    chosen = draw(st.lists(st.sampled_from(POINTS), unique=True))
    return {
        point: Charge(
            point_id=point,
            recognition_id=f"r{draw(st.integers(1, 3))}",
            payer_code=draw(st.sampled_from(["210502", "210503"])),
            payer_name="付款单位",
            month=draw(st.sampled_from(["2025-10", "2025-11"])),
            basis=draw(st.sampled_from(ledger.BASES)),
            amount_fen=draw(st.sampled_from([0, 3_000_000, 10_000_000])),
            rule_ref=draw(st.sampled_from(["a@1", "a@2"])),
        )
        for point in chosen
    }


def append(entries: list[Entry], desired: dict[str, Charge]) -> list[Entry]:
    drafts = ledger.diff(desired, ledger.replay(entries))
    return [*entries, *(Entry(len(entries) + n, draft) for n, draft in enumerate(drafts, 1))]


HISTORIES = st.lists(wishes(), min_size=1, max_size=6)


@given(HISTORIES)
def test_after_posting_there_is_nothing_left_to_post(history: list[dict[str, Charge]]) -> None:
    entries: list[Entry] = []
    for desired in history:
        entries = append(entries, desired)
        assert ledger.diff(desired, ledger.replay(entries)) == []


@given(HISTORIES)
def test_the_entries_add_up_to_what_was_last_desired(history: list[dict[str, Charge]]) -> None:
    entries: list[Entry] = []
    for desired in history:
        entries = append(entries, desired)
    assert sum(entry.draft.amount_fen for entry in entries) == sum(charge.amount_fen for charge in history[-1].values())


@given(HISTORIES)
def test_every_payer_month_and_basis_adds_up_too(history: list[dict[str, Charge]]) -> None:
    entries: list[Entry] = []
    for desired in history:
        entries = append(entries, desired)
    sums: dict[tuple[str, str, str], int] = {}
    for draft in (entry.draft for entry in entries):
        key = (draft.pinned.payer_code, draft.pinned.month, draft.pinned.basis)
        sums[key] = sums.get(key, 0) + draft.amount_fen
    for charge in history[-1].values():
        sums[charge.payer_code, charge.month, charge.basis] = (
            sums.get((charge.payer_code, charge.month, charge.basis), 0) - charge.amount_fen
        )
    assert not any(sums.values())


@given(HISTORIES)
def test_every_balance_is_zero_or_pinned_and_every_charge_is_reversed_at_most_once(
    history: list[dict[str, Charge]],
) -> None:
    entries: list[Entry] = []
    for desired in history:
        entries = append(entries, desired)
    reversed_ids = [entry.draft.reverses for entry in entries if entry.draft.reverses is not None]
    assert len(reversed_ids) == len(set(reversed_ids))
    assert len({(entry.draft.point_id, entry.draft.seq) for entry in entries}) == len(entries)
    assert all(entry.draft.balance_fen in (0, entry.draft.pinned_fen) for entry in entries)
    assert ledger.problems_of(entries) == []


@given(HISTORIES, st.randoms(use_true_random=False))
def test_where_points_stand_does_not_depend_on_the_order_of_reading(
    history: list[dict[str, Charge]], random: object
) -> None:
    entries: list[Entry] = []
    for desired in history:
        entries = append(entries, desired)
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert ledger.replay(shuffled) == ledger.replay(entries)
