"""A file of sightings into the database: every row gets one outcome, and the same row is never kept twice (§6).

The whole run is one transaction: it is visible when it commits, or it never was. A second import at the same moment
meets UNIQUE(key), rolls back and starts again, and then finds every row identical.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import shapely
from django.db import IntegrityError, transaction

from firepoints.models import Detection, DetectionKey, ImportRun, RawRow, Source, Supersession
from firepoints.services import correcting, grouping, placing, reading, storing
from firepoints.services.reading import Keys, ListName
from firepoints.sources.base import ParseResult, Rejected
from firepoints.sources.table import SightingTable
from grids.models import User
from grids.selectors import edition_now
from grids.services import locating
from journal import clock
from journal.errors import Conflict, Refused, StaleVersion
from journal.services import record

Outcome = RawRow.Outcome
Progress = Callable[[str, int, int], None]
CHUNK = 5000
LOOKS = 20  # rows of each outcome that a dry run shows
FLAGS = {
    "equal_row": "与本表前面一行内容相同，已标出，不丢弃",
    "list_conflict": "同一清单的同一序号已有不同内容：更正的清单请写明替代哪一次导入",
}
LOCAL_AUTHORITIES = ("county", "township", "village")


@dataclass(frozen=True, slots=True)
class Look:
    """One row as a preview shows it: what would become of it and where it lies. WGS-84 degrees, UTC, codes "" outside."""

    row_no: int
    sheet: str
    outcome: str
    starts_at: datetime
    precision: str
    satellite: str
    lon: float
    lat: float
    county_code: str
    leaf_code: str
    stated_county: str
    replaces: bool


@dataclass(frozen=True, slots=True)
class Import:
    """What a run did; `run` is None for a dry run. The five outcomes add up to `rows`.

    A dry run also says which rows were rejected, how the file was read (`meta` of its parser), and shows some rows.
    """

    run: ImportRun | None
    rows: int
    kept: int
    identical: int
    superseded: int
    quarantined: int
    outside: int
    notes: int
    counties: dict[str, int]
    points: int = 0
    rejected: tuple[Rejected, ...] = ()
    looks: tuple[Look, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The shape of the command contract."""
        return {
            "run": str(self.run.uuid) if self.run else None,
            "rows": self.rows,
            "kept": self.kept,
            "identical": self.identical,
            "superseded": self.superseded,
            "quarantined": self.quarantined,
            "outside": self.outside,
            "notes": self.notes,
            "counties": self.counties,
            "points": self.points,
        }


def import_file(
    *,
    path: Path,
    source_code: str,
    actor: User,
    datum: str | None = None,
    name: ListName | None = None,
    supersedes: str | None = None,
    mapping: dict[str, str] | None = None,
    filename: str = "",
    uuid: UUID | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Import:
    """Read, locate, deduplicate, store and group one file.

    `uuid` names the run beforehand, so that a form sent twice is one run: the second time is an IntegrityError.

    Raises BadInput (file unreadable, with place and remedy) and Refused (no such source, no edition, no such run).
    """
    source = reading.source_named(source_code)
    used_datum = datum or source.datum
    result = reading.read_file(path, source=source, datum=used_datum, mapping=mapping, area=_area())
    content = path.read_bytes()
    facts = {
        "filename": (filename or path.name)[:200],
        "sha256": storing.digest_of(content),
        "size_bytes": len(content),
        "datum": used_datum,
        "mapping": mapping or {},
        "supersedes": run_named(supersedes) if supersedes else None,
    }
    if uuid is not None:
        facts["uuid"] = uuid
    if not dry_run:
        facts["stored_as"] = storing.store_bytes(content, kind="imports", suffix=path.suffix.lower()[:8])
    return import_sightings(
        result=result,
        source=source,
        actor=actor,
        name=name or ListName(),
        facts=facts,
        dry_run=dry_run,
        progress=progress,
    )


def import_sightings(
    *,
    result: ParseResult,
    source: Source,
    actor: User,
    name: ListName,
    facts: dict[str, Any],
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Import:
    """Store sightings that were read already (a file, a form, the API). `facts` are the run's own columns."""
    try:
        return _import_once(result, source, actor, name, facts, dry_run, progress)
    except (IntegrityError, Conflict, StaleVersion):
        # Another import of the same rows committed first, or a person acted on a point that it touches: now both are
        # there to be found.
        return _import_once(result, source, actor, name, facts, dry_run, progress)


def _import_once(
    result: ParseResult,
    source: Source,
    actor: User,
    name: ListName,
    facts: dict[str, Any],
    dry_run: bool,
    progress: Progress | None,
) -> Import:
    table = result.table()
    with transaction.atomic():
        if not dry_run:
            one_at_a_time()
        places = placing.place(table, datum=facts["datum"])
        keys = reading.keys_of(table, source=source, name=name, generation=_generation(facts.get("supersedes")))
        verdicts = _judge(keys, places)
        counts = {outcome: verdicts.outcome.count(outcome) for outcome in Outcome.values}
        counties = _per_county(verdicts, places)
        if dry_run:
            summary = _summary(None, result, counts, counties, points=0)
            looks = _looks(table, places, verdicts)
            return replace(summary, rejected=tuple(result.rejected), looks=looks, meta=result.meta)
        run = ImportRun.objects.create(
            source=source,
            issuer=name.issuer,
            period=name.period,
            list_no=name.list_no,
            actor=actor,
            started_at=clock.now(),
            **facts,
        )
        stored = _store(run, table, places, keys, verdicts, progress)
        _raw_rows(run, result, table, verdicts, stored, keys)
        replaced = _supersede(run, verdicts, stored)
        if keys.is_numbered:
            correcting.release_corrected(replaced, actor=actor)
        points = grouping.group_run(run=run, actor=actor, same_as={} if keys.is_numbered else replaced)
        summary = _summary(run, result, counts, counties, points=points)
        _commit(run, summary)
        record(
            "import.committed",
            run,
            actor,
            after={k: v for k, v in summary.as_json().items() if k != "counties"} | {"sha256": run.sha256},
        )
    return summary


def one_at_a_time() -> None:
    """Let imports and withdrawals follow each other until the transaction ends.

    Two files whose sightings touch share no key, so no constraint would see that each makes a point of its own of one
    fire. PostgreSQL needs the lock (FOR NO KEY UPDATE, so that rows which name a source still go in); SQLite has one
    writer anyway.
    """
    list(Source.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))


@dataclass(slots=True)
class _Verdicts:
    """Per row: its outcome, the detection it equals (id, or position in this file), and the one it replaces."""

    outcome: list[str]
    equals: list[int | None]
    equals_row: list[int | None]
    replaces: list[int | None]


def _judge(keys: Keys, places: placing.Places) -> _Verdicts:
    known = _known(DetectionKey.objects, "key", keys.key)
    bases = _known(DetectionKey.objects, "base_key", keys.base_key)
    rows = len(keys.key)
    verdicts = _Verdicts([""] * rows, [None] * rows, [None] * rows, [None] * rows)
    seen: dict[str, int] = {}
    newest: dict[str, tuple[int, int]] = {}
    for i, key in enumerate(keys.key):
        base, rank = keys.base_key[i], int(keys.rank[i])
        standing = bases.get(base)
        inside = places.county[i] != ""
        if key in known:
            verdicts.equals[i] = known[key][0]
            verdicts.outcome[i] = Outcome.IDENTICAL if inside else Outcome.OUTSIDE
        elif key in seen:
            verdicts.equals_row[i] = seen[key]
            verdicts.outcome[i] = Outcome.IDENTICAL if inside else Outcome.OUTSIDE
        elif keys.is_numbered and standing and standing[1] == rank:
            verdicts.equals[i] = standing[0]
            verdicts.outcome[i] = Outcome.QUARANTINED
        elif inside and standing and standing[1] > rank:
            verdicts.equals[i] = standing[0]
            verdicts.outcome[i] = Outcome.SUPERSEDED
        elif inside and base in newest and newest[base][1] > rank:
            verdicts.equals_row[i] = newest[base][0]
            verdicts.outcome[i] = Outcome.SUPERSEDED
        else:
            verdicts.outcome[i] = Outcome.KEPT if inside else Outcome.OUTSIDE
            seen[key] = i
            if standing and standing[1] < rank:
                verdicts.replaces[i] = standing[0]
            newest[base] = (i, rank)
    return verdicts


def _known(manager: Any, field: str, values: list[str]) -> dict[str, tuple[int, int]]:
    """value → (detection id, highest rank) of the live keys among `values`, a few thousand to a query."""
    found: dict[str, tuple[int, int]] = {}
    for start in range(0, len(values), CHUNK):
        part = values[start : start + CHUNK]
        rows = manager.filter(**{f"{field}__in": part}).values_list(field, "detection_id", "rank")
        for value, detection_id, rank in rows:
            if value not in found or found[value][1] < rank:
                found[value] = (detection_id, rank)
    return found


def _looks(table: SightingTable, places: placing.Places, verdicts: _Verdicts) -> tuple[Look, ...]:
    """The first rows of each outcome."""
    shown: list[Look] = []
    left = dict.fromkeys(Outcome.values, LOOKS)
    for i, outcome in enumerate(verdicts.outcome):
        if not left[outcome]:
            continue
        left[outcome] -= 1
        row = table[i]
        shown.append(
            Look(row.row_no, row.sheet, outcome, row.starts_at, row.precision, row.satellite, float(places.lon[i]),
                 float(places.lat[i]), str(places.county[i]), str(places.leaf[i]), row.stated_county, verdicts.replaces[i] is not None)
        )  # fmt: skip
    return tuple(shown)


def _per_county(verdicts: _Verdicts, places: placing.Places) -> dict[str, int]:
    counts: dict[str, int] = {}
    for outcome, county in zip(verdicts.outcome, places.county.tolist(), strict=True):
        if outcome == Outcome.KEPT:
            counts[county] = counts.get(county, 0) + 1
    return dict(sorted(counts.items()))


def _store(
    run: ImportRun,
    table: SightingTable,
    places: placing.Places,
    keys: Keys,
    verdicts: _Verdicts,
    progress: Progress | None,
) -> dict[int, int]:
    """Insert the new detections and their live keys, in chunks; row position → detection id."""
    new = [
        i
        for i, outcome in enumerate(verdicts.outcome)
        if outcome in (Outcome.KEPT, Outcome.OUTSIDE) and verdicts.equals[i] is None and verdicts.equals_row[i] is None
    ]
    stored: dict[int, int] = {}
    self_found = Source.objects.filter(code="self_found").values_list("pk", flat=True).first() or run.source_id
    for start in range(0, len(new), CHUNK):
        part = new[start : start + CHUNK]
        rows = Detection.objects.bulk_create([_detection(run, table, places, keys, i, self_found) for i in part])
        DetectionKey.objects.bulk_create(
            [
                DetectionKey(key=keys.key[i], base_key=keys.base_key[i], rank=int(keys.rank[i]), detection_id=row.pk)
                for i, row in zip(part, rows, strict=True)
            ]
        )
        stored.update({i: row.pk for i, row in zip(part, rows, strict=True)})
        if progress:
            progress("入库", min(start + CHUNK, len(new)), len(new))
    return stored


def _detection(
    run: ImportRun, table: SightingTable, places: placing.Places, keys: Keys, i: int, self_found: int
) -> Detection:
    row = table[i]
    return Detection(
        run=run,
        row_no=row.row_no,
        # What a county, township or village found itself is no inspection, whatever file brings it (policy.md §2a).
        source_id=self_found if row.authority in LOCAL_AUTHORITIES else run.source_id,
        key=keys.key[i],
        kind=row.kind,
        satellite=row.satellite[:20],
        instrument=row.instrument[:20],
        version=row.version[:20],
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        precision=row.precision,
        beijing_date=places.day[i],
        lon=float(places.lon[i]),
        lat=float(places.lat[i]),
        given_lon=row.lon_given[:40],
        given_lat=row.lat_given[:40],
        datum=run.datum,
        scan_km=row.scan_km,
        track_km=row.track_km,
        frp_mw=row.frp_mw,
        confidence=row.confidence[:20],
        stated_county=row.stated_county[:80],
        is_nominal=row.kind == "satellite" and (row.scan_km is None or row.track_km is None),
        is_outside=places.county[i] == "",
        is_edge=bool(places.edge[i]),
        edition=places.edition[i],
        county_code=str(places.county[i]),
        leaf_code=str(places.leaf[i]),
    )


def _raw_rows(
    run: ImportRun,
    result: ParseResult,
    table: SightingTable,
    verdicts: _Verdicts,
    stored: dict[int, int],
    keys: Keys,
) -> None:
    lines = table.raw_lines()
    rows = []
    for i, outcome in enumerate(verdicts.outcome):
        same = verdicts.equals_row[i]
        detection_id = stored.get(i) or verdicts.equals[i] or (stored.get(same) if same is not None else None)
        flag = _flag(keys, i, outcome)
        rows.append(
            RawRow(
                run=run,
                sheet=str(table.sheet[i])[:60],
                row_no=int(table.row_no[i]),
                outcome=outcome,
                code=flag,
                reason=FLAGS.get(flag, ""),
                raw=reading.raw_text(lines[i]),
                detection_id=detection_id,
            )
        )
    for bad in result.rejected:
        rows.append(
            RawRow(run=run, sheet=bad.sheet[:60], row_no=bad.row_no, column=bad.column[:60], outcome=Outcome.QUARANTINED,
                   code=bad.code[:40], reason=bad.reason[:300], raw=reading.raw_text(dict(bad.raw)))
        )  # fmt: skip
    for note in result.notes:
        rows.append(
            RawRow(run=run, sheet=note.sheet[:60], row_no=note.row_no, outcome=Outcome.NOTE,
                   raw=reading.raw_text(list(note.raw)))
        )  # fmt: skip
    RawRow.objects.bulk_create(rows, batch_size=CHUNK)


def _flag(keys: Keys, i: int, outcome: str) -> str:
    if outcome == Outcome.QUARANTINED:
        return "list_conflict"
    return "equal_row" if keys.equal_of[i] is not None and outcome == Outcome.KEPT else ""


def _supersede(run: ImportRun, verdicts: _Verdicts, stored: dict[int, int]) -> dict[int, int]:
    """Mark what the new rows replace; new detection id → the one that it replaces."""
    pairs = {stored[i]: older for i, older in enumerate(verdicts.replaces) if older is not None and i in stored}
    Supersession.objects.bulk_create(
        [Supersession(older_id=older, newer_id=newer, run=run) for newer, older in pairs.items()]
    )
    return pairs


def _generation(run: ImportRun | None) -> int:
    """How often this list has been corrected, this time included; 0 for a first list."""
    count = 0
    while run is not None:
        count, run = count + 1, run.supersedes
    return count


def _summary(
    run: ImportRun | None, result: ParseResult, counts: dict[str, int], counties: dict[str, int], *, points: int
) -> Import:
    return Import(
        run=run,
        rows=result.rows,
        kept=counts[Outcome.KEPT],
        identical=counts[Outcome.IDENTICAL],
        superseded=counts[Outcome.SUPERSEDED],
        quarantined=len(result.rejected) + counts[Outcome.QUARANTINED],
        outside=counts[Outcome.OUTSIDE],
        notes=len(result.notes),
        counties=counties,
        points=points,
    )


def _commit(run: ImportRun, summary: Import) -> None:
    for name in ("rows", "kept", "identical", "superseded", "quarantined", "outside", "notes"):
        setattr(run, name, getattr(summary, name))
    run.state = ImportRun.State.COMMITTED
    run.committed_at = clock.now()
    run.save()


def run_named(given: str) -> ImportRun:
    """A run by its UUID or number. Raises Refused when there is none."""
    text = str(given).strip()
    # isdecimal and a length limit: "²" and a number beyond bigint are no ids
    if text.isascii() and text.isdecimal() and len(text) < 19:
        found = ImportRun.objects.filter(pk=int(text)).first()
    else:
        found = ImportRun.objects.filter(uuid=text).first() if _is_uuid(text) else None
    if found is None:
        raise Refused(f"没有导入记录“{text}”", code="no_run")
    return found


def _is_uuid(text: str) -> bool:
    import uuid

    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _area() -> tuple[float, float, float, float] | None:
    """The box of the live edition, half a degree wider: a position whose swapped form alone lies in it was swapped."""
    edition = edition_now()
    if edition is None:
        return None
    counties = locating.index_for(edition).locators["county"].geometries
    west, south, east, north = (float(side) for side in shapely.total_bounds(counties))
    return west - 0.5, south - 0.5, east + 0.5, north + 0.5
