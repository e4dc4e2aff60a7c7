"""A corrected list: what it changes is shown before it is written, and what it leaves out goes out of force (policy.md §3)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from firepoints.models import Detection, DetectionKey, DroppedRow, ImportRun, RawRow, Supersession
from firepoints.sightings.importing.placing import Places
from firepoints.sightings.importing.reading import Keys
from firepoints.sightings.lists.comparing import Difference, Line, Moved, compare, moved_line
from firepoints.sightings.lists.correcting import CORRECTED, GONE, release_rows
from firepoints.sightings.readers.base import Rejected
from firepoints.sightings.readers.fields import LIST
from firepoints.sightings.readers.headings import fields_of
from firepoints.sightings.readers.table import SightingTable
from firepoints.sightings.readers.text import compact
from grids.models import User
from journal.record.services import record

PART = 2000
MOST_LISTED = 200
Outcome = RawRow.Outcome


def difference_before(
    *,
    supersedes: ImportRun,
    table: SightingTable,
    keys: Keys,
    places: Places,
    rejected: Iterable[Rejected],
    mapping: Mapping[str, str],
) -> Difference:
    """The difference that a list, read and not written, would make to the list that it replaces."""
    bases, contents = keys.base_key.to_pylist(), keys.key.to_pylist()
    new = [
        Line(bases[i], contents[i], row.row_no, row.sheet, row.seq_no, float(places.lon[i]), float(places.lat[i]),
             row.starts_at, row.ends_at, row.precision, row.satellite[:20], row.stated_county[:80])
        for i, row in enumerate(table)
    ]  # fmt: skip
    unread = {_seq_of(dict(bad.raw), mapping) for bad in rejected} - {""}
    return compare(*_comparable(lines_in_force(chain_of(supersedes)), new), unread)


def chain_of(run: ImportRun | None) -> list[int]:
    """The runs in which a list stands: this one, those that it replaced, and the mended rows of them all."""
    chain: list[int] = []
    while run is not None and run.pk not in chain:
        chain.append(run.pk)
        run = run.supersedes
    mends = ImportRun.objects.filter(mends__row__run__in=chain, state=ImportRun.State.COMMITTED)
    return [*chain, *mends.values_list("pk", flat=True)]


def lines_in_force(runs: Sequence[int]) -> list[Line]:
    """The rows of these runs that are in force, in file order; three queries for some thousand rows."""
    live = DetectionKey.objects.filter(detection__run__in=runs).select_related("detection").order_by("detection")
    rows = list(live)
    raw = _raw_of([row.detection_id for row in rows], runs)
    return [
        _line(row.detection, row.base, row.key, *raw.get(row.detection_id, ("", "", row.detection.row_no)))
        for row in rows
    ]


def _line(detection: Detection, base: str, key: str, sheet: str, seq_no: str, row_no: int) -> Line:
    return Line(
        base,
        key,
        row_no,
        sheet,
        seq_no,
        detection.lon,
        detection.lat,
        detection.starts_at,
        detection.ends_at,
        detection.precision,
        detection.satellite,
        detection.stated_county,
        detection.pk,
    )


def _raw_of(detections: Sequence[int], runs: Sequence[int]) -> dict[int, tuple[str, str, int]]:
    """detection → (sheet, 序号, row number) of the row that brought it."""
    row_of: dict[int, tuple[str, str, int]] = {}
    mappings = dict(ImportRun.objects.filter(pk__in=runs).values_list("pk", "mapping"))
    for start in range(0, len(detections), PART):
        rows = RawRow.objects.filter(run__in=runs, detection__in=detections[start : start + PART])
        own = rows.filter(outcome__in=(Outcome.KEPT, Outcome.OUTSIDE)).order_by("pk")
        for detection, sheet, row_no, raw, run in own.values_list("detection", "sheet", "row_no", "raw", "run"):
            row_of.setdefault(detection, (sheet, _seq_of(_parsed(raw), mappings.get(run, {})), row_no))
    return row_of


def _parsed(raw: str) -> dict[str, Any]:
    try:
        read = json.loads(raw)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _seq_of(raw: Mapping[str, Any], mapping: Mapping[str, str]) -> str:
    """The row's own 序号 as the reader of lists would find it under its headings."""
    names = list(raw)
    at = fields_of(names, LIST.spellings, mapping).get("seq_no")
    return compact(raw[names[at]])[:40] if at is not None and at < len(names) else ""


def _comparable(old: list[Line], new: list[Line]) -> tuple[list[Line], list[Line]]:
    """Both lists with a base that tells their rows apart.

    A list without a number knows its rows by content alone; where each has a 序号 of its own, that says which is which.
    """
    if any(line.base != line.content for line in (*old, *new)):
        return old, new
    for lines in (old, new):
        numbers = [line.seq_no for line in lines]
        if not all(numbers) or len(set(numbers)) < len(numbers):
            return old, new
    numbered_old, numbered_new = ([replace(line, base=f"#{line.seq_no}") for line in lines] for lines in (old, new))
    return numbered_old, numbered_new


@transaction.atomic
def settle_corrected(*, run: ImportRun, actor: User) -> int:
    """Take what a corrected list has left out, or changed, of the list before out of force; returns how many rows.

    Untouched suspicions close, points that people acted on go to a person, decided ones keep their sighting. For a run
    that supersedes another, when its rows are stored; in its transaction, and harmless when called again.
    """
    if run.supersedes is None or "mends" in run.options:
        return 0
    before = [pk for pk in chain_of(run.supersedes) if pk != run.pk]
    old, new = lines_in_force(before), _new_lines(run)
    difference = compare(*_comparable(old, new), _unread(run))
    same = {line.content for line in new}
    replaced = [move for move in difference.moved if move.old.content not in same]
    Supersession.objects.bulk_create(
        [Supersession(older_id=move.old.detection_id, newer_id=move.new.detection_id, run=run) for move in replaced],
        ignore_conflicts=True,
    )
    DroppedRow.objects.bulk_create([DroppedRow(run=run, detection_id=line.detection_id) for line in difference.gone])
    release_rows([move.old.detection_id for move in replaced], actor=actor, departure=CORRECTED)
    points = release_rows([line.detection_id for line in difference.gone], actor=actor, departure=GONE).points
    if difference.gone:
        ids = [line.detection_id for line in difference.gone]
        entry_after = {"count": len(ids), "detections": ids[:MOST_LISTED], "points": points}
        record("import.rows_dropped", run, actor, after=entry_after, reason=GONE.reason)
    return len(difference.gone) + len(replaced)


def _new_lines(run: ImportRun) -> list[Line]:
    """The rows of a stored run, by the sighting that each names: its own, or the equal one of before."""
    lines: list[Line] = []
    rows = run.raw_rows.filter(detection__isnull=False).exclude(outcome=Outcome.NOTE)
    related = rows.select_related("detection__live_key").order_by("sheet", "row_no")
    for row in related:
        key = getattr(row.detection, "live_key", None)
        if row.detection is None or key is None:
            continue
        seq_no = _seq_of(_parsed(row.raw), run.mapping)
        lines.append(_line(row.detection, key.base, key.key, row.sheet, seq_no, row.row_no))
    return lines


def _unread(run: ImportRun) -> set[str]:
    raw = run.raw_rows.filter(outcome=Outcome.QUARANTINED, detection__isnull=True).values_list("raw", flat=True)
    return {_seq_of(_parsed(text), run.mapping) for text in raw} - {""}


def difference_after(run: ImportRun) -> Difference | None:
    """The difference that a committed list made, from the record; None for a run that replaces none."""
    if run.supersedes_id is None or "mends" in run.options:
        return None
    pairs = list(Supersession.objects.filter(run=run).select_related("older", "newer").order_by("newer__row_no"))
    dropped = list(DroppedRow.objects.filter(run=run).select_related("detection").order_by("detection__row_no"))
    newer = {pair.newer_id for pair in pairs}
    own = run.raw_rows.filter(outcome__in=(Outcome.KEPT, Outcome.OUTSIDE), detection__run=run).exclude(
        detection__in=newer
    )
    added = [row.detection for row in own.select_related("detection").order_by("sheet", "row_no") if row.detection]
    moved: list[Moved] = [moved_line(_bare(pair.older), _bare(pair.newer)) for pair in pairs]
    same = run.raw_rows.filter(outcome__in=(Outcome.IDENTICAL, Outcome.OUTSIDE)).exclude(detection__run=run).count()
    gone = tuple(_bare(row.detection) for row in dropped)
    return Difference(tuple(_bare(detection) for detection in added), gone, tuple(moved), same, ())


def _bare(detection: Detection) -> Line:
    return _line(detection, detection.key, detection.key, "", "", detection.row_no)
