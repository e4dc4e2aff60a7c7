"""Undoing a batch as arithmetic: its points come back to where they stood before it, last first, under the same batch (C13).

A charge is undone by a reversal; a reversal by a new charge with the same pins, because nothing reverses a reversal. The
entries of a batch and what undoes them add up to nothing. Pure, as `difference` is.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from penalties.ledger.difference import Charge, Entry, EntryDraft, diff


class BatchEntry(Entry, Protocol):
    """A posted movement that knows its batch."""

    @property
    def batch_id(self) -> int: ...


E = TypeVar("E", bound=BatchEntry)


def drafts_undoing(
    entries: Iterable[BatchEntry], *, batch_id: int, returned: Collection[int], cause: str
) -> list[EntryDraft]:
    """The entries that undo a batch, by point. `entries` are all that were ever posted for its points.

    `returned` are the batches that were undone before: their entries add up to nothing and stand for nothing. The caller
    has undone what later batches hold of these points (`batches_above`).
    """
    drafts: list[EntryDraft] = []
    for point_id, own in _by_point(entries).items():
        live = [entry for entry in own if entry.batch_id not in returned]
        first = next((at for at, entry in enumerate(live) if entry.batch_id == batch_id), None)
        if first is None:
            continue
        before = live[first - 1] if first else None
        desired = {point_id: _charge_of(before)} if before is not None and before.balance_fen else {}
        drafts += diff(desired, {point_id: own[-1]})
    return [replace(draft, cause=cause) for draft in drafts]


def batches_above(entries: Iterable[BatchEntry], *, batch_id: int, returned: Collection[int]) -> dict[int, set[int]]:
    """{batch that moved money of a point after this one: the points}: it comes first when this one is undone."""
    above: dict[int, set[int]] = defaultdict(set)
    for point_id, own in _by_point(entries).items():
        live = [entry.batch_id for entry in own if entry.batch_id not in returned]
        if batch_id not in live:
            continue
        after = live[len(live) - live[::-1].index(batch_id) :]
        for later in after:
            above[later].add(point_id)
    return dict(above)


def _by_point(entries: Iterable[E]) -> Mapping[int, Sequence[E]]:
    by_point: dict[int, list[E]] = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: (entry.point_id, entry.seq)):
        by_point[entry.point_id].append(entry)
    return by_point


def _charge_of(entry: BatchEntry) -> Charge:
    """The charge that stood after an entry, with its pins."""
    return Charge(
        point_id=entry.point_id,
        recognition_id=entry.recognition_id,
        payer_code=entry.payer_code,
        payer_name=entry.payer_name,
        month=entry.month,
        basis=entry.basis,
        amount_fen=entry.pinned_fen,
        rule_ref=entry.rule_ref,
    )
