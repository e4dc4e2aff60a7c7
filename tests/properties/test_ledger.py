"""Whatever is decided, in whatever order, the ledger ends where the decisions end."""

from hypothesis import given
from hypothesis import strategies as st

from penalties.ledger import difference, undoing
from penalties.ledger.difference import Charge
from tests.penalties.ledger_entries import Posted, append, posted

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


class Walk:
    """Batches built, frozen and undone in any order, as `batches.returning` orders them."""

    def __init__(self) -> None:
        self.entries: list[Posted] = []
        self.lines: dict[int, int] = {}
        self.returned: set[int] = set()
        self.open_id = 1

    def sum_of(self, batch_id: int) -> int:
        return sum(entry.amount_fen for entry in self.entries if entry.batch_id == batch_id)

    def build(self, desired: dict[int, Charge]) -> None:
        self.entries = append(self.entries, desired, self.open_id)

    def freeze(self) -> None:
        self.lines[self.open_id] = self.sum_of(self.open_id)
        self.open_id += 1

    def undo(self, batch_id: int) -> bool:
        """Whether the batch could be undone: none that is frozen moved the money of its points after it."""
        above = undoing.batches_above(self.entries, batch_id=batch_id, returned=self.returned)
        if set(above) - {self.open_id}:
            return False
        for later, points in above.items():
            self._undo(later, [entry for entry in self.entries if entry.point_id in points])
        self._undo(batch_id, self.entries)
        self.returned.add(batch_id)
        return True

    def _undo(self, batch_id: int, entries: list[Posted]) -> None:
        drafts = undoing.drafts_undoing(entries, batch_id=batch_id, returned=self.returned, cause="refused")
        self.entries = posted(self.entries, drafts, batch_id)


STEPS = st.lists(
    st.one_of(wishes(), st.just("freeze"), st.integers(1, 4).map(lambda batch_id: ("undo", batch_id))),
    min_size=1, max_size=14,
)  # fmt: skip


def walk(steps: list[object]) -> Walk:
    """The batches after the steps; every rule of the ledger holds after each."""
    batches = Walk()
    for step in steps:
        if isinstance(step, dict):
            batches.build(step)
        elif step == "freeze":
            batches.freeze()
        elif isinstance(step, tuple) and step[1] in batches.lines and step[1] not in batches.returned:
            batches.undo(step[1])
        assert list(difference.faults_of(sorted(batches.entries, key=lambda entry: (entry.point_id, entry.seq)))) == []
    return batches


@given(STEPS)
def test_whatever_is_returned_the_entries_add_up_to_the_lines_of_the_batches_that_stand(steps: list[object]) -> None:
    batches = walk(steps)
    live = sum(fen for batch_id, fen in batches.lines.items() if batch_id not in batches.returned)
    assert sum(entry.amount_fen for entry in batches.entries) == live + batches.sum_of(batches.open_id)
    assert [batches.sum_of(batch_id) for batch_id in batches.returned] == [0] * len(batches.returned)


@given(STEPS, wishes())
def test_after_any_returns_the_next_build_ends_where_the_decisions_end(
    steps: list[object], desired: dict[int, Charge]
) -> None:
    batches = walk(steps)
    batches.build(desired)
    assert difference.diff(desired, difference.replay(batches.entries)) == []


@given(st.lists(wishes(), min_size=1, max_size=4))
def test_batches_returned_last_first_leave_nothing(history: list[dict[int, Charge]]) -> None:
    batches = Walk()
    for desired in history:
        batches.build(desired)
        batches.freeze()
    assert all(batches.undo(batch_id) for batch_id in sorted(batches.lines, reverse=True))
    assert not any(entry.balance_fen for entry in difference.replay(batches.entries).values())
