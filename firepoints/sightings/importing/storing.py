"""Rows into the database, a chunk at a time: detections, their keys, what they replace, and the rows as they stood."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core.db import bulk
from firepoints.models import (
    OUTCOME_OF,
    Detection,
    DetectionKey,
    ImportRun,
    OutcomeCode,
    RawChunk,
    RawRow,
    Supersession,
)
from firepoints.sightings import packed
from firepoints.sightings.importing import reading
from firepoints.sightings.importing.around import around_m
from firepoints.sightings.importing.placing import Places
from firepoints.sightings.importing.preparing import Prepared, counts_of
from firepoints.sightings.importing.row_sources import sources_of
from firepoints.sightings.importing.verdicts import NONE
from firepoints.sightings.readers.base import SATELLITE, Note, Rejected

CHUNK = 10_000  # rows to a transaction
FLAGS = {
    "equal_row": "与本表前面一行内容相同，已标出，不丢弃",
    "list_conflict": "同一清单的同一序号已有不同内容：更正的清单请写明替代哪一次导入",
}

Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Stored:
    """The detection that each keyed row became (−1: none, or not yet), in step with `Prepared.keyed`."""

    detection: Ints

    @classmethod
    def nothing_yet(cls, prepared: Prepared) -> Stored:
        return cls(np.full(len(prepared.keyed), NONE, dtype=np.int64))


def store_rows(run: ImportRun, prepared: Prepared, stored: Stored, start: int, stop: int) -> str:
    """Store rows [start, stop) of the table, in the caller's transaction; returns the digest of what was stored.

    Raises IntegrityError when another import has taken one of the keys meanwhile.
    """
    part = prepared.judged(start, stop)
    new = np.flatnonzero(prepared.verdicts.is_new[part]) + part.start
    if len(new):
        ids = bulk.reserve_ids(Detection, len(new))
        stored.detection[new] = ids
        bulk.insert(Detection, detection_columns(run, prepared, new, ids))
        keys = prepared.keys.take(new)
        bulk.insert(
            DetectionKey,
            {
                "detection_id": ids,
                "key": _texts(keys.key),
                "base_key": None if keys.base_key is None else _texts(keys.base_key),
                "rank": keys.rank,
            },
        )
        _supersede(run, prepared, stored, new)
    return _store_raw(run, prepared, stored, start, stop)


def _supersede(run: ImportRun, prepared: Prepared, stored: Stored, new: Ints) -> None:
    """Mark what the new rows replace, in force before or earlier in the same file."""
    verdicts = prepared.verdicts
    older = verdicts.replaces[new]
    in_file = verdicts.replaces_row[new]
    earlier = np.where(in_file != NONE, stored.detection[np.maximum(in_file, 0)], NONE)
    for replaced in (older, earlier):
        has = replaced != NONE
        bulk.insert(Supersession, {"older_id": replaced[has], "newer_id": stored.detection[new[has]], "run_id": run.pk})


def detection_columns(run: ImportRun, prepared: Prepared, new: Ints, ids: Ints) -> dict[str, Any]:
    """The new detections as columns; `new` are positions among the keyed rows."""
    table, places, rows = prepared.table, prepared.places, prepared.keyed[new]
    inside = places.county[rows] != ""
    kinds, counties, sources = _said_by_rows(run, table, rows)
    satellites = table.satellite[rows]
    no_size = np.isnan(table.scan_km[rows]) | np.isnan(table.track_km[rows])
    is_pixel = kinds == SATELLITE if isinstance(kinds, np.ndarray) else np.full(len(rows), True)
    fit = _as_read if table.rest is None else _clipped
    accuracy = {} if table.rest is None else {"accuracy_m": _accuracy(table, places, rows)}
    return {
        **accuracy,
        "id": ids,
        "run_id": run.pk,
        "row_no": table.row_no[rows],
        "source_id": sources,
        "key": _texts(prepared.keys.key.take(pa.array(new))),
        "kind": kinds,
        "satellite": fit(satellites, 20),
        "instrument": fit(table.instrument[rows], 20),
        "version": fit(table.version[rows], 20),
        "starts_at": table.starts_at[rows],
        "ends_at": table.ends_at[rows],
        "precision": table.precision[rows],
        "beijing_date": places.day[rows],
        "lon": places.lon[rows],
        "lat": places.lat[rows],
        "given_lon": fit(_texts(table.lon_given.take(pa.array(rows))), 40),
        "given_lat": fit(_texts(table.lat_given.take(pa.array(rows))), 40),
        "datum": run.datum,
        "scan_km": table.scan_km[rows],
        "track_km": table.track_km[rows],
        "frp_mw": table.frp_mw[rows],
        "confidence": fit(table.confidence[rows], 20),
        "stated_county": counties,
        "is_nominal": is_pixel & no_size,
        "is_outside": ~inside,
        "is_edge": places.edge[rows],
        "edition_id": places.edition[rows],
        "county_code": places.county[rows].astype(object),
        "leaf_code": places.leaf[rows].astype(object),
    }


def _said_by_rows(run: ImportRun, table: Any, rows: Ints) -> tuple[Any, Any, Any]:
    """Kind, stated county and source of each row: one value for all where the file is a table of satellite rows.

    What a county, township or village found itself is no inspection, whatever file brings it (policy.md §2a).
    """
    if table.rest is None:
        return SATELLITE, "", run.source_id
    sightings = [table.rest[i] for i in rows.tolist()]
    sources = np.array(sources_of(run.source, sightings), dtype=np.int64)
    kinds = np.array([sighting.kind for sighting in sightings], dtype=object)
    return kinds, np.array([sighting.stated_county[:80] for sighting in sightings], dtype=object), sources


def _accuracy(table: Any, places: Places, rows: Ints) -> npt.NDArray[np.float64]:
    """Metres, as the finder's device said, or around the place to which a pixel is given; NaN where nothing says it."""
    accuracies = [table.rest[i].accuracy_m for i in rows.tolist()]
    stated = np.array([np.nan if metres is None else metres for metres in accuracies], dtype=np.float64)
    return np.where(np.isnan(stated), around_m(table.rest, places, rows), stated)


def _texts(array: Any) -> npt.NDArray[np.object_]:
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=object)


def _as_read(texts: npt.NDArray[np.object_], most: int) -> npt.NDArray[np.object_]:
    """The texts unchanged: a reader of columns keeps to TEXT_LIMIT and GIVEN_LIMIT itself."""
    return texts


def _clipped(texts: npt.NDArray[np.object_], most: int) -> npt.NDArray[np.object_]:
    long = [i for i, text in enumerate(texts) if len(text) > most]
    if long:
        texts = texts.copy()
        texts[long] = [texts[i][:most] for i in long]
    return texts


def _store_raw(run: ImportRun, prepared: Prepared, stored: Stored, start: int, stop: int) -> str:
    """The rows as they stood: packed, but for those that somebody must look at."""
    detection = _named_detections(prepared, stored, start, stop)
    rows = np.arange(start, stop, dtype=np.int64)
    flags = _flags(prepared, start, stop)
    alone = np.full(stop - start, not prepared.is_packed) | (flags != "")
    digest = hashlib.sha256()
    together = rows[~alone]
    if len(together):
        digest.update(_pack(run, prepared, together, detection[~alone]).encode())
    if alone.any():
        digest.update(_store_alone(run, prepared, rows[alone], detection[alone], flags[alone]).encode())
    return digest.hexdigest()


def _named_detections(prepared: Prepared, stored: Stored, start: int, stop: int) -> Ints:
    """For each row the detection that it became or that it equals, −1 for none."""
    part = prepared.judged(start, stop)
    verdicts = prepared.verdicts
    same = verdicts.equals_row[part]
    own = stored.detection[part]
    detection = np.where(own != NONE, own, verdicts.equals[part])
    detection = np.where((detection == NONE) & (same != NONE), stored.detection[np.maximum(same, 0)], detection)
    named = np.full(stop - start, NONE, dtype=np.int64)
    named[prepared.keyed[part] - start] = detection
    return named


def _flags(prepared: Prepared, start: int, stop: int) -> npt.NDArray[np.object_]:
    part = prepared.judged(start, stop)
    flags = np.full(stop - start, "", dtype=object)
    at = prepared.keyed[part] - start
    outcome = prepared.verdicts.outcome[part]
    flags[at[(prepared.keys.equal_of[part] >= 0) & (outcome == OutcomeCode.KEPT)]] = "equal_row"
    flags[at[outcome == OutcomeCode.QUARANTINED]] = "list_conflict"
    return flags


def _pack(run: ImportRun, prepared: Prepared, rows: Ints, detection: Ints) -> str:
    table = prepared.table
    numbers, outcome = table.row_no[rows], prepared.outcome[rows]
    body, digest = packed.packed(numbers, outcome, detection, table.raw_line.take(pa.array(rows)))
    RawChunk.objects.create(
        run=run, seq=run.chunks, first_row=int(numbers.min()), last_row=int(numbers.max()), rows=len(rows),
        counts=counts_of(outcome), body=body, digest=digest,
    )  # fmt: skip
    return digest


def _store_alone(run: ImportRun, prepared: Prepared, rows: Ints, detection: Ints, flags: Any) -> str:
    table = prepared.table
    raw = [reading.raw_text(line) for line in table.raw_line.take(pa.array(rows)).to_pylist()]
    names = [OUTCOME_OF[code].value for code in prepared.outcome[rows].tolist()]
    return insert_raw(
        run,
        sheet=[str(sheet)[:60] for sheet in table.sheet[rows]],
        row_no=table.row_no[rows],
        column="",
        outcome=names,
        code=flags,
        reason=[FLAGS.get(flag, "") for flag in flags],
        raw=raw,
        detection_id=[None if pk == NONE else pk for pk in detection.tolist()],
    )


def insert_raw(run: ImportRun, *, detection_id: Any = None, **columns: Any) -> str:
    """Insert RawRows given as columns; returns their digest."""
    bulk.insert(RawRow, {"run_id": run.pk, "detection_id": detection_id, **columns})
    numbers = columns["row_no"].tolist() if isinstance(columns["row_no"], np.ndarray) else columns["row_no"]
    rows = zip(numbers, columns["outcome"], columns["raw"], strict=True)
    return hashlib.sha256(
        "\x1e".join("\x1f".join(map(str, row)) for row in rows).encode("utf-8", "replace")
    ).hexdigest()


def store_aside(run: ImportRun, prepared: Prepared, start: int, stop: int) -> tuple[str, int, int]:
    """Store what is no sighting: rejected rows, then notes, [start, stop) of the two in a row.

    Returns their digest, how many were rejected and how many are notes.
    """
    rejected, notes = prepared.result.rejected, prepared.result.notes
    bad = rejected[start:stop]
    noted = notes[max(0, start - len(rejected)) : max(0, stop - len(rejected))]
    every: list[Rejected | Note] = [*bad, *noted]
    digest = insert_raw(
        run,
        sheet=[line.sheet[:60] for line in every],
        row_no=np.array([line.row_no for line in every], dtype=np.int64),
        column=[line.column[:60] for line in bad] + [""] * len(noted),
        outcome=[RawRow.Outcome.QUARANTINED.value] * len(bad) + [RawRow.Outcome.NOTE.value] * len(noted),
        code=[line.code[:40] for line in every],
        reason=[line.reason[:300] for line in every],
        raw=[reading.raw_text(dict(line.raw)) for line in bad] + [reading.raw_text(list(line.raw)) for line in noted],
    )
    return digest, len(bad), len(noted)
