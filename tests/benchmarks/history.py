"""What an act costs behind a long history: the demonstration's month, multiplied to a million fire points.

    python -m tests.benchmarks.history --server postgres://postgres@/postgres?host=… [--points 1000000] [--repeat 3] [--keep]

Makes a database of its own on that server, fills it by `quickstart --check`, and copies the month's closed and charged
points by named columns over the 24 months before: a quarter of them is charged, each month has its batch with lines and
hash. A hundred points of this month are final and not charged yet. Then each act runs in a process of its own; printed are
seconds (the median), seconds of processor time, and the process's peak of memory. The database is dropped in the end.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MONTHS = 24
CLOSED, CHARGED = 42, 14  # of the demonstration's month: a quarter is charged
NEW = 100
APART = 1_000_000  # between the ids of a row and of its copies
SOURCE = (
    "CREATE TEMP TABLE source ON COMMIT DROP AS"
    f" (SELECT id, false AS charged FROM fire_point WHERE state = 'closed' ORDER BY id LIMIT {CLOSED})"
    " UNION ALL (SELECT id, true FROM fire_point WHERE posted_recognition_id IS NOT NULL"
    f" ORDER BY id LIMIT {CHARGED})"
)
"""The points that are copied."""
SPREAD = {"lon": "(k % 1000 - 500) * 4e-4", "lat": "(k % 777 - 388) * 5e-4"}  # degrees between a row and its copies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default="", help="URL of a PostgreSQL database from which another can be made")
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="keep the database")
    parser.add_argument("--step", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        print(json.dumps(in_product(arguments.step, arguments.points)))
        return
    with tempfile.TemporaryDirectory() as home, database(arguments.server, arguments.points, arguments.keep) as url:
        env = {**os.environ, "DATABASE_URL": url, "JINSHAO_HOME": home, "JINSHAO_LOG_LEVEL": "ERROR"}
        env["DJANGO_SETTINGS_MODULE"] = "config.settings"
        quickstart = [sys.executable, "manage.py", "quickstart", "--check"]
        subprocess.run(quickstart, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        say("made", **child("fill", arguments.points, env))
        say("an idle process", **child("idle", arguments.points, env))
        for step in ("list", "report", "grouping", "verify"):
            several = [child(step, arguments.points, env) for _ in range(arguments.repeat)]
            say(step, **medians(several))
        runs = []
        for _ in range(arguments.repeat):
            runs.append({step: child(step, arguments.points, env) for step in ("build", "freeze", "recall")})
        for step in ("build", "freeze", "recall"):
            say(step, **medians([run[step] for run in runs]))


def medians(several: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {key: statistics.median(figures[key] for figures in several) for key in several[0]}


@contextmanager
def database(server: str, points: int | str, keep: bool) -> Iterator[str]:
    """The URL of a fresh database on the server, dropped afterwards."""
    import psycopg

    name = f"jinshao_history_{points}"
    head, _, options = server.partition("?")
    url = f"{head.rpartition('/')[0]}/{name}" + (f"?{options}" if options else "")
    with psycopg.connect(server.replace("postgres://", "postgresql://"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield url
        finally:
            if not keep:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def child(step: str, points: int, env: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.history", "--step", step, "--points", str(points)]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{step}: {done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def say(name: str, **figures: Any) -> None:
    words = "  ".join(
        f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}" for key, value in figures.items()
    )
    print(f"{name:18s}{words}  (load {os.getloadavg()[0]:.1f})", flush=True)


def in_product(step: str, points: int) -> dict[str, Any]:
    """Do one step in this process; {seconds, processor seconds, peak MB, and what the step says}."""
    import django

    django.setup()
    acts: dict[str, Callable[[int], dict[str, Any]]] = {
        "fill": fill, "idle": idle, "list": point_list, "report": month_report, "grouping": grouping, "verify": verify,
        "build": build, "freeze": freeze, "recall": recall,
    }  # fmt: skip
    begun, worked = time.perf_counter(), time.process_time()
    answer = acts[step](points)
    figures = {"s": round(time.perf_counter() - begun, 2), "cpu_s": round(time.process_time() - worked, 2)}
    return {**figures, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, **answer}


# --- the acts -------------------------------------------------------------------------------------------------------


def idle(points: int) -> dict[str, Any]:
    """The first queries of a process: what it weighs before it does anything."""
    from penalties.models import Batch

    return {"batches": Batch.objects.count()}


def point_list(points: int) -> dict[str, Any]:
    from firepoints.management.commands.point import Command
    from grids.selectors import system_user

    options = {"state": "dispatched", "county": "", "month": None, "source": "", "limit": 1000}
    return {"rows": Command()._list(system_user(), options)["count"]}


def month_report(points: int) -> dict[str, Any]:
    """The papers of a month in the middle of the history, as `report YYYY-MM` writes them."""
    from penalties.batches.reports import write_reports
    from penalties.models import Batch

    month = Batch.objects.order_by("-month").values_list("month", flat=True)[MONTHS // 2]
    with tempfile.TemporaryDirectory() as folder:
        report, _ = write_reports(month=month, out=Path(folder))
    return {"points": report.total.count}


def grouping(points: int) -> dict[str, Any]:
    """A file of one row beside a point of this month: read, stored, grouped."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from firepoints.models import Detection
    from firepoints.sightings.importing.order import ImportOrder
    from firepoints.sightings.importing.start import import_file
    from grids.selectors import system_user

    beside = Detection.objects.filter(pk__lt=APART, satellite__gt="").order_by("pk").first()
    assert beside is not None
    lines = [
        "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,instrument,confidence,version,"
        "bright_ti5,frp,daynight",
        f"{beside.lat + 0.001:.5f},{beside.lon + time.time() % 1 / 100:.5f},330.1,0.39,0.36,"
        f"{beside.starts_at:%Y-%m-%d},{beside.starts_at:%H%M},N20,VIIRS,n,2.0NRT,290.0,4.2,D",
    ]
    with tempfile.TemporaryDirectory() as folder, CaptureQueriesContext(connection) as queries:
        path = Path(folder) / "one.csv"
        path.write_text("\n".join(lines) + "\n")
        import_file(ImportOrder(path=path, source_code="firms", actor=system_user()))
    of_steps = [float(query["time"]) for query in queries if "fire_step" in query["sql"] or "divided" in query["sql"]]
    slowest = max(queries, key=lambda query: float(query["time"]))
    return {"steps_s": round(sum(of_steps), 3), "slowest_s": float(slowest["time"])}


def verify(points: int) -> dict[str, Any]:
    """The ledger's part of `journal verify`."""
    from penalties.ledger import posting

    return {"problems": len(list(posting.problems()))}


def build(points: int) -> dict[str, Any]:
    from penalties.batches import steps

    batch = steps.batch_build(month=_this_month(), actor=_clerk())
    return {"entries": batch.entries.count()}


def freeze(points: int) -> dict[str, Any]:
    from grids.models import User
    from penalties.batches import steps
    from penalties.models import Batch

    batch = Batch.objects.get(state="open")
    others = User.objects.filter(terms__post__kind="bureau").exclude(pk=batch.prepared_by_id).distinct()
    batch = steps.batch_freeze(batch_id=batch.pk, actor=others.first() or _clerk())
    return {"lines": batch.lines.count()}


def recall(points: int) -> dict[str, Any]:
    """The frozen batch is taken back, so that its points come again in the next build."""
    from penalties.batches import steps
    from penalties.models import Batch

    batch = Batch.objects.filter(state="frozen").latest("pk")
    batch = steps.batch_recall(batch_id=batch.pk, actor=_clerk(), reason="再来一次")
    return {"undone": batch.entries.filter(reverses__isnull=False).count()}


def _this_month() -> str:
    from penalties.models import Batch

    month: str = Batch.objects.order_by("month").values_list("month", flat=True).last() or ""
    return month


def _clerk() -> Any:
    from grids.models import User

    return User.objects.get(username="clerk")


# --- the history ----------------------------------------------------------------------------------------------------


def fill(points: int) -> dict[str, Any]:
    """Copy the month's points over the months before, as many as asked for, and what is new in this month."""
    from django.db import connection, transaction

    from core.db import kept

    fresh = -(-NEW // CHARGED)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SOURCE)
        cursor.execute("SELECT count(*) FROM source")
        copies = max(points // cursor.fetchone()[0], MONTHS)
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SET LOCAL synchronous_commit = off")
        for statement in _sources(copies, fresh):
            cursor.execute(statement)
        for table, columns, rows in _copied():
            names, values = ", ".join(columns), ", ".join(columns.values())
            cursor.execute(f"INSERT INTO {table} ({names}) SELECT {values} FROM {rows}")
        for table in ("penalty_batch", "penalty_entry", "penalty_batch_line", "fire_point", "fire_detection"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
    for name, _ in kept.KEPT.items():
        kept.fill(name)  # the triggers slept
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    _lines()
    with connection.cursor() as cursor:
        counted = "SELECT count(*), count(posted_recognition_id), pg_database_size(current_database()) / 1000000"
        cursor.execute(f"{counted} FROM fire_point")
        total, charged, size_mb = cursor.fetchone()
    return {"points": total, "charged": charged, "size_mb": size_mb}


def _sources(copies: int, fresh: int) -> Iterator[str]:
    """Each copy: what it adds to ids, and how many months it lies back (0: the new ones)."""
    yield (
        "CREATE TEMP TABLE copy ON COMMIT DROP AS"
        f" SELECT k, k::bigint * {APART} AS o, (k - 1) % {MONTHS} + 1 AS m FROM generate_series(1, {copies}) k"
        f" UNION ALL SELECT k, k::bigint * {APART}, 0 FROM generate_series({copies + 1}, {copies + fresh}) k"
    )
    # Of the new ones only what is final, so that nothing but them is added to this month.
    yield (
        "CREATE TEMP TABLE pair ON COMMIT DROP AS SELECT source.id AS point, charged, k, o, m,"
        " make_interval(months => m) AS back FROM source, copy WHERE m > 0 OR charged"
    )
    yield "CREATE UNIQUE INDEX ON pair (point, k)"
    yield (
        "CREATE TEMP TABLE sighting ON COMMIT DROP AS SELECT detection_id AS id, min(point_id) AS point"
        " FROM fire_membership JOIN source ON source.id = point_id WHERE is_active GROUP BY 1"
    )


def _copied() -> Iterator[tuple[str, dict[str, str], str]]:
    """(table, {column: what its copy has}, from where), for each table that a point's life fills."""
    from firepoints import models as fire
    from penalties import models as money

    own = {
        fire.Detection: ({"key": _text("key")}, "fire_detection t JOIN sighting USING (id) JOIN pair USING (point)"),
        fire.DetectionKey: (
            {"key": _text("key"), "base_key": _text("base_key")},
            "fire_detection_key t JOIN sighting ON sighting.id = t.detection_id JOIN pair USING (point)",
        ),
        fire.FirePoint: (
            {
                "number": _text("number"),
                "posted_recognition_id": "CASE WHEN m > 0 THEN t.posted_recognition_id + o END",
                "merged_into_id": "NULL",
            },
            "fire_point t JOIN pair ON pair.point = t.id",
        ),
        fire.Membership: ({}, f"{_of_point('fire_membership')} WHERE t.is_active"),
        fire.Evidence: (_own_pictures(), _of_point("fire_evidence")),
        money.LedgerEntry: ({"batch_id": _BATCH, "month": _MONTH}, f"{_of_point('penalty_entry')} WHERE m > 0"),
        money.Batch: (
            {
                "id": "t.id + m * 1000",
                "month": _MONTH,
                "first_month": _MONTH.replace("t.month", "t.first_month"),
                "last_entry_id": "(SELECT max(e.id) FROM penalty_entry e WHERE e.batch_id = t.id + m * 1000)",
            },
            f"penalty_batch t, (SELECT m, make_interval(months => m) AS back FROM generate_series(1, {MONTHS}) m) copy",
        ),
    }
    of_points = (fire.Attribution, fire.AttributionPerson, fire.PointCounty, fire.Step, fire.Verification)
    parts = {
        fire.AttributionPerson: (
            "fire_attribution_person t JOIN fire_attribution a ON a.id = t.attribution_id"
            " JOIN pair ON pair.point = a.point_id"
        ),
        fire.Verification.evidence.through: (
            "fire_verification_ev t JOIN fire_verification v ON v.id = t.verification_id"
            " JOIN pair ON pair.point = v.point_id"
        ),
    }
    rows = {
        **{model: ({}, _of_point(model._meta.db_table)) for model in (*of_points, fire.Recognition)},
        **{model: ({}, where) for model, where in parts.items()},
        **own,
    }
    for model, (changes, where) in rows.items():
        yield model._meta.db_table, {**_columns(model, rows), **changes}, where


_BATCH = "t.batch_id + m * 1000"
_MONTH = "to_char(to_date(t.month, 'YYYY-MM') - back, 'YYYY-MM')"


def _own_pictures() -> dict[str, str]:
    """Each copy of a photo is another one: no picture of a city stands in a thousand places."""
    picture = "t.picture_hash # hashtextextended(k::text, 0)"
    bands = {f"band_{at + 1}": f"(({picture}) >> {16 * at}) & 65535" for at in range(4)}
    return {"uuid": "gen_random_uuid()", "sha256": "encode(sha256(convert_to(t.sha256 || k, 'UTF8')), 'hex')",
            "picture_hash": picture, **bands}  # fmt: skip


def _of_point(table: str) -> str:
    return f"{table} t JOIN pair ON pair.point = t.point_id"


def _text(column: str) -> str:
    return f"t.{column} || '#' || k"


def _columns(model: Any, copied: Any) -> dict[str, str]:
    """Each column of a table by name, with its value in a copy: rows of the same copy hang together, days lie back."""
    from django.db.models import DateField, DateTimeField

    values = {}
    for field in (field for field in model._meta.concrete_fields if not field.generated):
        value = f"t.{field.column}"
        if field.primary_key or (field.is_relation and field.related_model in copied):
            value = f"{value} + o"
        elif field.column == "ends_at":  # a month's end is another day elsewhere, and an interval keeps its length
            value = "t.starts_at - back + (t.ends_at - t.starts_at)"
        elif isinstance(field, DateTimeField):
            value = f"{value} - back"
        elif isinstance(field, DateField):
            value = f"({value} - back)::date"
        elif field.column in ("lon", "lat"):  # no place has a thousand fires a month
            value = f"{value} + {SPREAD[field.column]}"
        values[field.column] = value
    return values


def _lines() -> None:
    """The lines and the hash of every copied batch, as freezing would have written them."""
    from penalties.batches import frozen, table
    from penalties.ledger import figures
    from penalties.models import Batch, BatchLine, LedgerEntry

    for batch in Batch.objects.filter(lines__isnull=True).order_by("month"):
        own = figures.of_entries(LedgerEntry.objects.filter(batch=batch))
        until = figures.burned_in_year(batch.month[:4], until=batch.month)
        year = figures.of_entries(LedgerEntry.objects.filter(until))
        rows = table.rows_of(own, year, on=_last_day(batch.month))
        BatchLine.objects.bulk_create(table.line_of(batch, position, row) for position, row in enumerate(rows, 1))
        Batch.objects.filter(pk=batch.pk).update(content_hash=frozen.content_hash(batch, rows))


def _last_day(month: str) -> Any:
    from core.month import Month

    return Month.parse(month).last_day


if __name__ == "__main__":
    main()
