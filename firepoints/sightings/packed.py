"""The rows of an import as they stood, one by one or packed: what became of each can always be read.

A chunk is an Arrow stream (zstd) of four columns: row_no, outcome (OutcomeCode), detection (id, null where there
is none) and raw (the line of the file). Chunks of a run are in file order.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
from django.db.models import Q

from firepoints.models import OUTCOME_OF, Detection, ImportRun, RawChunk, RawRow

Outcome = RawRow.Outcome
WRITTEN = pa.ipc.IpcWriteOptions(compression="zstd")
PACKED = "packed"  # among the options of a run: some of its rows are in chunks
COLUMNS = ("row_no", "outcome", "detection", "raw")


def packed(row_no: Any, outcome: Any, detection: Any, raw: Any) -> tuple[bytes, str]:
    """(body, its sha256) of equal-length columns; a detection of −1 is none."""
    columns = [
        pa.array(row_no, pa.int32()),
        pa.array(outcome, pa.uint8()),
        pa.array(detection, pa.int64(), mask=np.asarray(detection) < 0),
        raw.cast(pa.large_string()),
    ]
    sink = pa.BufferOutputStream()
    batch = pa.record_batch(columns, names=list(COLUMNS))
    with pa.ipc.new_stream(sink, batch.schema, options=WRITTEN) as writer:
        writer.write_batch(batch)
    body = sink.getvalue().to_pybytes()
    return body, hashlib.sha256(body).hexdigest()


def unpacked(chunk: RawChunk) -> Any:
    """The columns of a chunk as an Arrow table."""
    return pa.ipc.open_stream(pa.py_buffer(bytes(chunk.body))).read_all()


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a run in file order; `before` and `after` are the keys of the pages beside it, "" where none is."""

    rows: list[RawRow]
    before: str
    after: str


def rows_page(run: ImportRun, *, outcome: str = "", after: str = "", before: str = "", size: int = 50) -> Page:
    """A page of the rows of `run`, of one outcome or all, after or before the row with this key (`key_of`).

    Rows of a packed run, and of one that repeats another, are made for the page and have no primary key. With their
    detections; two queries, and one for each chunk that is opened.
    """
    if before and not after:
        window = list(_backwards(run, outcome, _parsed(before), size + 1))[::-1]
        has_more, rows = len(window) > size, window[-size:]
        return Page(
            _with_detections(rows), key_of(rows[0]) if has_more and rows else "", key_of(rows[-1]) if rows else ""
        )
    window = list(_forwards(run, outcome, _parsed(after), size + 1))
    rows = window[:size]
    return Page(
        _with_detections(rows),
        key_of(rows[0]) if after and rows else "",
        key_of(rows[-1]) if len(window) > size else "",
    )


def is_packed(run: ImportRun) -> bool:
    """Whether some rows of the run are not RawRows of its own: its file was large, or it repeats another."""
    return run.repeats_id is not None or bool(run.options.get(PACKED))


def rows_of(run: ImportRun, outcome: str = "") -> Iterator[RawRow]:
    """Every row in file order, without detections loaded (their ids are there): for exports."""
    return _forwards(run, outcome, None, None)


def key_of(row: RawRow) -> str:
    """The key by which a page is asked for: row number and sheet."""
    return f"{row.row_no}@{row.sheet}"


Key = tuple[str, int] | None


def _parsed(key: str) -> Key:
    number, _, sheet = key.partition("@")
    return (sheet, int(number)) if number.isascii() and number.isdecimal() and len(number) < 10 else None


def _shown(run: ImportRun) -> tuple[ImportRun, bool]:
    """The run whose rows are read, and whether its kept ones are to be called identical: this run only repeats it."""
    return (run.repeats, True) if run.repeats is not None else (run, False)


def _forwards(run: ImportRun, outcome: str, edge: Key, most: int | None) -> Iterator[RawRow]:
    return _merged(run, outcome, edge, most, backwards=False)


def _backwards(run: ImportRun, outcome: str, edge: Key, most: int | None) -> Iterator[RawRow]:
    return _merged(run, outcome, edge, most, backwards=True)


def _merged(run: ImportRun, outcome: str, edge: Key, most: int | None, *, backwards: bool) -> Iterator[RawRow]:
    """Single rows and rows of chunks, in one order; `most` bounds what is read, None reads all."""
    source, is_repeated = _shown(run)
    outcomes = _asked(outcome, is_repeated)
    if outcomes is None:
        return
    streams = [_singles(source, outcomes, edge, most, backwards), _chunked(source, outcomes, edge, backwards)]
    for row in islice(_in_order(streams, backwards), most):
        if is_repeated and row.outcome == Outcome.KEPT:
            row.outcome = Outcome.IDENTICAL
        yield row


def _asked(outcome: str, is_repeated: bool) -> list[str] | None:
    """The stored outcomes that are meant; [] for all, None for none."""
    if outcome not in Outcome.values:
        return []
    if not is_repeated:
        return [outcome]
    if outcome == Outcome.KEPT:
        return None
    return [str(Outcome.KEPT), str(Outcome.IDENTICAL)] if outcome == Outcome.IDENTICAL else [outcome]


def _order(row: RawRow) -> tuple[str, int]:
    return row.sheet, row.row_no


def _in_order(streams: list[Iterator[RawRow]], backwards: bool) -> Iterator[RawRow]:
    return heapq.merge(*streams, key=_order, reverse=backwards)


def _singles(run: ImportRun, outcomes: list[str], edge: Key, most: int | None, backwards: bool) -> Iterator[RawRow]:
    rows = run.raw_rows.filter(outcome__in=outcomes) if outcomes else run.raw_rows.all()
    if edge:
        sheet, number = edge
        beyond = ("lt", "lt") if backwards else ("gt", "gt")
        rows = rows.filter(Q(**{f"sheet__{beyond[0]}": sheet}) | Q(**{"sheet": sheet, f"row_no__{beyond[1]}": number}))
    rows = rows.order_by("-sheet", "-row_no") if backwards else rows.order_by("sheet", "row_no")
    yield from rows[:most] if most is not None else rows.iterator(2000)


def _chunked(run: ImportRun, outcomes: list[str], edge: Key, backwards: bool) -> Iterator[RawRow]:
    chunks = run.raw_chunks.order_by("-seq" if backwards else "seq")
    number = edge[1] if edge else None
    if number is not None:
        chunks = chunks.filter(first_row__lt=number) if backwards else chunks.filter(last_row__gt=number)
    for pk, counts in chunks.values_list("pk", "counts"):
        if outcomes and not any(counts.get(outcome) for outcome in outcomes):
            continue
        rows = list(_rows_in(RawChunk.objects.get(pk=pk), run, outcomes))
        for row in reversed(rows) if backwards else rows:
            if number is None or (row.row_no < number if backwards else row.row_no > number):
                yield row


def _rows_in(chunk: RawChunk, run: ImportRun, outcomes: Sequence[str]) -> Iterator[RawRow]:
    codes = [code for code, outcome in OUTCOME_OF.items() if not outcomes or outcome in outcomes]
    columns = unpacked(chunk)
    positions = np.flatnonzero(np.isin(columns["outcome"].to_numpy(), codes))
    part = columns.take(pa.array(positions))
    for number, outcome, detection, raw in zip(*(part[name].to_pylist() for name in COLUMNS), strict=True):
        yield RawRow(run=run, row_no=number, outcome=OUTCOME_OF[outcome], raw=raw, detection_id=detection)


def _with_detections(rows: list[RawRow]) -> list[RawRow]:
    detections = Detection.objects.in_bulk({row.detection_id for row in rows if row.detection_id})
    for row in rows:
        if row.detection_id:
            row.detection = detections.get(row.detection_id)
    return rows
