"""The outcome of each row beside what is in force and the rows before it: a table of codes, no loop over rows.

The order of the rules is that of policy.md §6; `tests/firepoints/sightings/importing/test_import_engine.py` holds this to the plain loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import Q

from firepoints.models import DetectionKey, OutcomeCode
from firepoints.sightings.importing.placing import moment
from firepoints.sightings.importing.reading import Keys
from firepoints.terms.satellite_keys import satellite_base

COLUMNS = ("key", "base_key", "detection_id", "rank")
NONE = -1
ASKED_AT_ONCE = 5000
MOST_MOMENTS = 20_000  # of satellite rows; with more of them, all that began in their span is asked for

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
LiveRow = tuple[str, str, int, int]
"""A row in force: its key, base key, detection and rank (COLUMNS)."""


@dataclass(slots=True)
class Verdicts:
    """In step with the rows judged. `outcome` holds codes of OutcomeCode; `equals` and `replaces` are detection ids, `equals_row`
    and `replaces_row` positions among the rows judged, −1 where there is none; `is_new` rows become detections."""

    outcome: npt.NDArray[np.uint8]
    equals: Ints
    equals_row: Ints
    replaces: Ints
    replaces_row: Ints
    is_new: Bools


@dataclass(frozen=True, slots=True)
class Standing:
    """The detections in force for each row: the one with its key, and of those with its base the one of highest rank."""

    known: Ints
    base: Ints
    base_rank: Ints


def judge(keys: Keys, inside: Bools, in_force: Standing) -> Verdicts:
    """Give every row its outcome; `inside`: its centre lies in a cell."""
    rows = len(keys)
    verdicts = Verdicts(
        outcome=np.where(inside, OutcomeCode.KEPT, OutcomeCode.OUTSIDE).astype(np.uint8),
        equals=np.full(rows, NONE, dtype=np.int64),
        equals_row=np.full(rows, NONE, dtype=np.int64),
        replaces=np.full(rows, NONE, dtype=np.int64),
        replaces_row=np.full(rows, NONE, dtype=np.int64),
        is_new=np.zeros(rows, dtype=bool),
    )
    undecided = _against_what_stands(verdicts, keys, inside, in_force)
    _against_each_other(verdicts, keys, inside, np.flatnonzero(undecided))
    newer = verdicts.is_new & (in_force.base != NONE) & (in_force.base_rank < keys.rank)
    verdicts.replaces[newer] = in_force.base[newer]
    return verdicts


def _against_what_stands(verdicts: Verdicts, keys: Keys, inside: Bools, in_force: Standing) -> Bools:
    """Decide rows by what is in force; returns which stay undecided.

    Known keys are identical, other content under one number is quarantined, an older version is superseded.
    """
    is_identical = in_force.known != NONE
    verdicts.equals[is_identical] = in_force.known[is_identical]
    verdicts.outcome[is_identical & inside] = OutcomeCode.IDENTICAL
    is_open = ~is_identical
    has_base = in_force.base != NONE
    if keys.is_numbered:
        clash = is_open & has_base & (in_force.base_rank == keys.rank)
        verdicts.equals[clash], verdicts.outcome[clash] = in_force.base[clash], OutcomeCode.QUARANTINED
        is_open &= ~clash
    older = is_open & inside & has_base & (in_force.base_rank > keys.rank)
    verdicts.equals[older], verdicts.outcome[older] = in_force.base[older], OutcomeCode.SUPERSEDED
    return np.asarray(is_open & ~older)


def _against_each_other(verdicts: Verdicts, keys: Keys, inside: Bools, rows: Ints) -> None:
    """Decide rows that nothing in force decides: the first of each key counts, and of one base the newer one."""
    codes = keys.key_codes()[rows]
    first_of = np.empty(int(codes.max(initial=-1)) + 1, dtype=np.int64)
    first_of[codes[::-1]] = rows[::-1]  # of several that are written to one place the last stays: the first row
    first = first_of[codes]
    is_first = first == rows
    firsts = rows[is_first]
    _within_one_base(verdicts, keys, inside, firsts)
    again, original = rows[~is_first], first[~is_first]
    lost = verdicts.outcome[original] == OutcomeCode.SUPERSEDED
    verdicts.equals_row[again] = np.where(lost, verdicts.equals_row[original], original)
    verdicts.outcome[again] = np.where(
        inside[again], np.where(lost, OutcomeCode.SUPERSEDED, OutcomeCode.IDENTICAL), OutcomeCode.OUTSIDE
    )
    verdicts.is_new[firsts] = verdicts.outcome[firsts] != OutcomeCode.SUPERSEDED


def _within_one_base(verdicts: Verdicts, keys: Keys, inside: Bools, firsts: Ints) -> None:
    """Decide the versions of one row in one file: in their order, an older one after a newer one is superseded."""
    codes = keys.base_codes()[firsts]
    several = np.bincount(codes)[codes] > 1 if len(codes) else np.zeros(0, dtype=bool)
    newest: dict[int, int] = {}
    for row, base in zip(firsts[several].tolist(), codes[several].tolist(), strict=True):
        before = newest.get(base)
        if before is not None and inside[row] and keys.rank[before] > keys.rank[row]:
            verdicts.outcome[row], verdicts.equals_row[row] = OutcomeCode.SUPERSEDED, before
            continue
        if before is not None and keys.rank[before] < keys.rank[row]:
            verdicts.replaces_row[row] = before
        newest[base] = row


def live_rows(keys: Keys, seconds: Ints) -> list[LiveRow]:
    """The rows in force (or reserved by a run that is loading) that these may concern. `seconds`: start of each, Unix time.

    The time of a satellite row is part of its key, so what began at the same moments is asked for; of other rows their
    keys.
    """
    if not len(keys) or not DetectionKey.objects.exists():
        return []
    return _rows_begun(seconds) if keys.has_time else _rows_named(keys)


def standing_for(keys: Keys, rows: list[LiveRow]) -> Standing:
    """The detections among the live rows with these keys."""
    none = np.full(len(keys), NONE, dtype=np.int64)
    if not rows:
        return Standing(none, none, none)
    live_key, live_base, detection, rank = zip(*rows, strict=True)
    ids, ranks = np.array(detection, dtype=np.int64), np.array(rank, dtype=np.int64)
    same = _matched(live_key, ids, keys.key)
    order = np.argsort(ranks, kind="stable")  # the highest rank is matched last, and stays
    bases = [live_base[i] for i in order.tolist()]
    base, base_rank = (_matched(bases, column[order], keys.base_key) for column in (ids, ranks))
    return Standing(same[keys.key_codes()], base[keys.base_codes()], base_rank[keys.base_codes()])


def _rows_named(keys: Keys) -> list[LiveRow]:
    by_detection: dict[int, LiveRow] = {}
    for field, values in (("key", keys.key), ("base_key", keys.base_key)):
        texts = values.unique().to_pylist()
        for part in _parts(texts):
            rows = DetectionKey.objects.filter(**{f"{field}__in": part}).values_list(*COLUMNS)
            by_detection.update({detection: (key, base or key, detection, rank) for key, base, detection, rank in rows})
    return list(by_detection.values())


def _rows_begun(seconds: Ints) -> list[LiveRow]:
    moments = [moment(second) for second in np.unique(seconds).tolist()]
    conditions = [Q(detection__starts_at__in=part) for part in _parts(moments)]
    if len(moments) > MOST_MOMENTS:
        conditions = [Q(detection__starts_at__range=(moments[0], moments[-1]))]
    rows = [row for condition in conditions for row in DetectionKey.objects.filter(condition).values_list(*COLUMNS)]
    return [
        (key, satellite_base(key) if base is None else base, detection, rank) for key, base, detection, rank in rows
    ]


def _parts(every: list[Any]) -> list[list[Any]]:
    return [every[start : start + ASKED_AT_ONCE] for start in range(0, len(every), ASKED_AT_ONCE)]


def _matched(texts: Sequence[str], values: Ints, row_texts: Any) -> Ints:
    """For each distinct text of `row_texts`, in the order of its codes, the value of the last of `texts` that equals it; −1
    where none does."""
    dictionary = row_texts.unique()
    at = pc.index_in(pa.array(texts, dictionary.type), value_set=dictionary)
    at = at.fill_null(NONE).to_numpy(zero_copy_only=False).astype(np.int64)
    by_code = np.full(len(dictionary), NONE, dtype=np.int64)
    by_code[at[at != NONE]] = values[at != NONE]
    return by_code
