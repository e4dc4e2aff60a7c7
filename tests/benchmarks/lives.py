"""Random lives: fires, decisions, batches and their ways back, act by act, and after each act of a batch plain SQL.

    python -m tests.benchmarks.lives --server postgres://postgres@/postgres?host=… [--seeds 10] [--acts 500] [--first 1]

Drives the real services under a simulated clock, each life in a transaction that is rolled back: fires of two counties,
verified, decided, merged, reopened, withdrawn with their import, asked about; batches of months and spans, frozen, filed,
approved, sent, settled, emptied, recalled, returned; a county whose code changes in the middle. What the ledger, the
tables, the reports, the home page and the API say is compared with SQL that knows nothing of them.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.clock import SimulatedClock
    from firepoints.models import FirePoint
    from penalties.models import Batch
    from tests.factories.city import City

STARTS, CODE_CHANGES_ON = datetime(2023, 3, 2, 1, tzinfo=UTC), date(2023, 9, 1)
FIRST_MONTH, NEW_CODE, YUAN_30000 = "2023-01", "210599", 3_000_000


class Life:
    """One seeded life of a city's books. `acts` counts what was tried, `refused` what the services refused."""

    def __init__(self, city: City, seed: int, clock: SimulatedClock, folder: Path) -> None:
        self.city, self.clock = city, clock
        self.random = random.Random(seed)
        self.acts: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.differences: list[str] = []
        self.checked = 0
        self.heir: Any = None
        self.settled: dict[str, tuple[Any, list[int]]] = {}
        self.scan = folder / "扫描件.pdf"
        if not self.scan.exists():
            self.scan.write_bytes(_pdf())

    def run(self, acts: int) -> None:
        deeds: list[tuple[int, Callable[[], None]]] = [
            (16, self.burn), (44, self.go_on), (4, self.reopen), (2, self.exclude), (2, self.merge), (1, self.unmerge),
            (3, self.ask), (4, self.answer), (2, self.withdraw), (8, self.build), (13, self.step), (4, self.way_back),
            (1, self.change_code),
        ]  # fmt: skip
        weights = [weight for weight, _ in deeds]
        while sum(self.acts.values()) < acts:
            self.clock.set(self.clock.at + timedelta(hours=self.random.uniform(1, 40)))
            (deed,) = self.random.choices([deed for _, deed in deeds], weights)
            deed()
        self._check_reports()

    def _try(self, name: str, act: Callable[[], Any]) -> Any:
        """The act in a transaction of its own; a refusal is an answer."""
        from django.db import transaction

        from core.errors import Refused

        self.acts[name] += 1
        try:
            with transaction.atomic():
                return act()
        except Refused as refused:
            self.refused[f"{name}: {refused.code}"] += 1
            return None

    # --- points ---------------------------------------------------------------------------------------------------

    def burn(self) -> None:
        from tests.factories.city import IN_EAST, IN_WEST

        place = self.random.choice((IN_WEST, IN_EAST))
        at = (place[0] + self.random.uniform(-0.04, 0.04), place[1] + self.random.uniform(-0.04, 0.04))
        when = self.clock.at - timedelta(days=self.random.choice((1, 3, 20, 45, 90)), hours=self.random.uniform(0, 5))
        self._try("burn", lambda: _fire_of_its_own_import(at, when))

    def go_on(self) -> None:
        """One more step of a point on its way, several at once so that money comes to move."""
        for _ in range(3):
            point = self._some("dispatched", "suspected", "verified", "recognised", "objection")
            if point is not None:
                self._try(f"go_on {point.state}", lambda point=point: self._next(point))

    def _next(self, point: FirePoint) -> None:
        from tests.factories import points as make

        office = self._department(point)
        match str(point.state):
            case "suspected":
                make.take(point, "dispatch", self.city.clerk)
            case "dispatched":
                photo = make.uuids(make.photo(point, office))
                make.take(point, "report", office, conclusion="true", evidence=photo)
            case "verified":
                make.take(point, "recognise", self.city.recogniser, reason="证据充分")
            case "recognised":
                make.take(point, "notify", self.city.clerk)
            case "objection":
                make.take(point, "waive", office, document_no="函1号")

    def _department(self, point: FirePoint) -> Any:
        from tests.factories.city import EAST

        if point.county_code == EAST:
            return self.city.east
        return self.heir or self.city.west

    def exclude(self) -> None:
        self._act("exclude", self.city.recogniser, "verified", reason="不是秸秆")

    def reopen(self) -> None:
        self._act("reopen", self.city.recogniser, "final", "objection", reason="新的佐证")

    def merge(self) -> None:
        from tests.factories import points as make

        point, into = self._some("final"), self._some("final")
        if point and into and point.pk != into.pk:
            given = {"into": into.pk, "reason": "同一处"}
            self._try("merge", lambda: make.take(point, "merge_decided", self.city.recogniser, **given))

    def unmerge(self) -> None:
        self._act("unmerge", self.city.recogniser, "merged", reason="不是同一处")

    def ask(self) -> None:
        from tests.factories import points as make

        point = self._some("final")
        if point is not None and not point.questions.filter(answered_at__isnull=True).exists():
            self._try("ask", lambda: make.ask(point, f"请复核 {self.clock.at:%m%d%H%M}"))

    def answer(self) -> None:
        from firepoints.models import FirePoint
        from firepoints.steps.questions import stops_money
        from tests.factories import points as make

        asked = list(FirePoint.objects.filter(stops_money()).order_by("pk"))
        if asked:
            point = self.random.choice(asked)
            decided = point.recognition_id is not None
            action, who = ("stand", self.city.recogniser) if decided else ("review", self.city.clerk)
            self._try(action, lambda: make.take(point, action, who, reason="核对无误"))

    def withdraw(self) -> None:
        from firepoints.models import ImportRun
        from firepoints.sightings.importing.withdrawing import import_withdraw

        runs = list(ImportRun.objects.filter(state="committed", filename__startswith="一生").order_by("pk"))
        if runs:
            run = str(self.random.choice(runs).uuid)
            self._try("withdraw", lambda: import_withdraw(run=run, actor=self.city.clerk, reason="发错了"))

    def _act(self, action: str, who: Any, *states: str, **given: Any) -> None:
        from tests.factories import points as make

        if (point := self._some(*states)) is not None:
            self._try(action, lambda: make.take(point, action, who, **given))

    def _some(self, *states: str) -> FirePoint | None:
        from firepoints.models import FirePoint

        points = FirePoint.objects.filter(state__in=states).exclude(state="recognised", counted=False)
        ids = list(points.order_by("pk").values_list("pk", flat=True))
        return FirePoint.objects.get(pk=self.random.choice(ids)) if ids else None

    # --- batches --------------------------------------------------------------------------------------------------

    def build(self) -> None:
        from penalties.batches import steps

        last = self._month()
        first = min(self._month(), last) if self.random.random() < 0.2 else ""
        given = {"month": last, "first_month": first}
        if self._open() is not None:
            batch = self._open()
            given = {"month": batch.month, "first_month": "" if batch.with_earlier else batch.first_month}
        self._try("build", lambda: steps.batch_build(actor=self.city.clerk, **given))
        self._check()

    def step(self) -> None:
        from penalties.batches import steps

        batch = self._batch("open", "frozen", "submitted", "approved", "sent")
        if batch is None:
            return
        city, today = self.city, _today()
        act: dict[str, Callable[[], Any]] = {
            "open": lambda: steps.batch_freeze(batch_id=batch.pk, actor=city.people["second"]),
            "frozen": lambda: steps.batch_submit(batch_id=batch.pk, actor=city.clerk),
            "submitted": lambda: steps.batch_approve(
                batch_id=batch.pk, actor=city.people["second"], doc_no="批1号", approved_on=today, file=self.scan
            ),
            "approved": lambda: steps.batch_send(batch_id=batch.pk, actor=city.clerk),
            "sent": lambda: steps.batch_settle(
                batch_id=batch.pk, actor=city.finance, voucher_no=f"凭{batch.pk}-{next(_serial)}", settled_on=today
            ),
        }
        self._try(f"step {batch.state}", act[batch.state])
        self._check()

    def way_back(self) -> None:
        from penalties.batches import steps

        batch = self._batch("open", "frozen", "submitted", "approved")
        if batch is None:
            return
        given = {"batch_id": batch.pk, "actor": self.city.clerk, "reason": "退回"}
        if batch.state == "open":
            self._try("empty", lambda: steps.batch_empty(**given))
        elif batch.state == "frozen":
            self._try("recall", lambda: steps.batch_recall(**given))
        else:
            self._try("return", lambda: steps.batch_return(returned_on=_today(), **given))
        self._check()

    def change_code(self) -> None:
        from grids.people.successions import succession_set
        from tests.factories.city import WEST, designated

        if self.heir is not None or _today() < CODE_CHANGES_ON:
            return
        given = {"old_code": WEST, "new_code": NEW_CODE, "name": "甲市", "valid_from": CODE_CHANGES_ON}
        done = self._try("code", lambda: succession_set(**given, document_no="国函1号", actor=self.city.clerk))
        if done is not None:
            self.heir = designated("heir", NEW_CODE)
            self._check()

    def _month(self) -> str:
        from core.month import Month

        now = Month.of(_today())
        return str(max(now.shift(-self.random.choice((0, 1, 1, 1, 2, 3))), Month.parse(FIRST_MONTH)))

    def _open(self) -> Any:
        return self._batch("open")

    def _batch(self, *states: str) -> Batch | None:
        from penalties.models import Batch

        batches = list(Batch.objects.filter(state__in=states).order_by("pk"))
        return self.random.choice(batches) if batches else None

    # --- plain SQL ------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        from penalties import checks

        self.checked += 1
        self._same("checks", checks.check(), [])
        self._check_ledger()
        self._check_tables()
        self._check_home()
        if self.checked % 3 == 0:  # the reports of all months take as long as all the rest
            self._check_reports()

    def _same(self, what: str, product: Any, plain: Any) -> None:
        if product != plain:
            self.differences.append(f"{sum(self.acts.values())} acts, {what}: product {product}, SQL {plain}")

    def _check_ledger(self) -> None:
        """What is charged is charged once, to whom the decision names; and each charge is noted on its point."""
        noted = _rows(
            "SELECT id, posted_recognition_id FROM fire_point WHERE posted_recognition_id IS NOT NULL ORDER BY 1"
        )
        self._same("noted", noted, _rows(f"SELECT point_id, recognition_id FROM ({_OPEN}) charge"))
        batch = self._open()
        if batch is None:
            return
        # Just built or not: what its months hold, was final by its cut-off, and is asked nothing, is charged by somebody.
        lower = "" if batch.with_earlier else batch.first_month
        missing = _rows(
            f"""SELECT p.id FROM fire_point p JOIN fire_recognition r ON r.id = p.recognition_id
            WHERE p.state = 'final' AND p.final_at <= %s AND to_char(r.burn_date, 'YYYY-MM') BETWEEN %s AND %s
            AND NOT EXISTS (SELECT 1 FROM ({_OPEN}) c WHERE c.point_id = p.id)
            AND NOT EXISTS ({_ASKED})
            AND NOT EXISTS (SELECT 1 FROM fire_step s WHERE s.point_id = p.id AND s.at > %s)""",
            [batch.cut_off, lower, batch.month, batch.cut_off],
        )
        self._same("uncharged", [row for row in missing if not self._moved_since(row[0], batch)], [])

    def _moved_since(self, point_id: int, batch: Batch) -> bool:
        """Whether an answer, or a batch that went back, freed the point after the open batch was built."""
        from firepoints.models import Question
        from penalties.models import LedgerEntry

        answered = Question.objects.filter(point=point_id, answered_at__gt=batch.cut_off).exists()
        return answered or LedgerEntry.objects.filter(point=point_id, at__gt=batch.cut_off).exists()

    def _check_tables(self) -> None:
        """Own and year of every table that is open; lines of the others against their entries; the list; the API."""
        from penalties import selectors
        from penalties.api.batches import full
        from penalties.batches import table
        from penalties.models import Batch

        batches = list(Batch.objects.order_by("pk"))
        totals = selectors.totals_of(self.city.clerk, batches)
        for batch in batches:
            rows = table.batch_rows(batch)
            fen = _rows("SELECT coalesce(sum(amount_fen), 0) FROM penalty_entry WHERE batch_id = %s", [batch.pk])[0][0]
            self._same(f"list {batch}", totals[batch.pk][1], fen)
            if batch.state == "returned":
                self._same(f"returned {batch}", fen, 0)
                continue
            api = full(batch, self.city.clerk)
            self._same(f"API {batch}", api["amount_fen"], fen)
            self._same(f"lines {batch}", sum(row.figures.amount_fen for row in rows), fen)
            self._same(
                f"API cumulative {batch}",
                sum(line["cumulative_fen"] for line in api["lines"]),
                sum(row.figures.cumulative_fen for row in rows),
            )
            if batch.state == "open":
                self._check_year(batch, rows)

    def _check_year(self, batch: Batch, rows: Any) -> None:
        from core.month import Month

        renamed = _renamed(Month.parse(batch.month).last_day)
        year: Counter[str] = Counter()
        own: Counter[str] = Counter()
        entries = "SELECT payer_code, month, batch_id, amount_fen FROM penalty_entry WHERE batch_id <= %s"
        for code, month, batch_id, fen in _rows(entries, [batch.pk]):
            government = renamed.get(code, code)
            year[government] += fen if month[:4] == batch.month[:4] else 0
            own[government] += fen if batch_id == batch.pk else 0
        said = {row.code: (row.figures.amount_fen, row.figures.cumulative_fen) for row in rows}
        plain = {code: (own[code], year[code]) for code in {*own, *year, *said}}
        self._same(f"table {batch}", {**dict.fromkeys(plain, (0, 0)), **said}, plain)
        self._same(f"negative year {batch}", [code for code, fen in year.items() if fen < 0], [])

    def _check_reports(self) -> None:
        """The reports of all months tell each yuan that stands once; one that is settled is told again as it was."""
        from core.month import Month
        from penalties.batches import reports
        from penalties.documents.report import check
        from penalties.models import Batch

        months = {Month.of(_today()), *(Month.parse(text) for text in Batch.objects.values_list("month", flat=True))}
        until, month, told = max(months).shift(1), Month.parse(FIRST_MONTH).shift(-3), 0
        while month <= until:
            report = reports.month_report(month=str(month))
            check(report)
            told += report.total.amount_fen
            covering = [
                (row.pk, row.state)
                for row in Batch.objects.order_by("pk")
                if row.first_month <= str(month) <= row.month and row.state != "returned"
            ]
            if covering and all(state == "settled" for _, state in covering):
                before = self.settled.get(str(month))
                if before is not None and before[1] == covering:
                    self._same(f"settled report {month}", report, before[0])
                self.settled[str(month)] = (report, covering)
            month = month.shift(1)
        self._same("all reports", told, _standing_fen())

    def _check_home(self) -> None:
        from firepoints.models import FirePoint
        from penalties.ledger import figures

        by_month = dict(
            _rows(
                """SELECT to_char(p.burn_date, 'YYYY-MM'), count(*) * 3000000 FROM fire_point p
                JOIN fire_recognition r ON r.id = p.recognition_id WHERE p.state = 'final' GROUP BY 1"""
            )
        )
        for month, fen in by_month.items():
            days = FirePoint.objects.filter(burn_date__year=month[:4], burn_date__month=month[5:])
            self._same(f"home {month}", figures.standing(days).final_fen, fen)


_serial = itertools.count(1)
_NEWEST = """SELECT DISTINCT ON (e.point_id) e.point_id, e.recognition_id, e.balance_fen FROM penalty_entry e
    JOIN penalty_batch b ON b.id = e.batch_id{} ORDER BY e.point_id, e.seq DESC"""
_OPEN = f"SELECT * FROM ({_NEWEST.format('')}) newest WHERE balance_fen > 0 ORDER BY point_id"
_BUILT = "SELECT * FROM ({}) newest WHERE balance_fen > 0".format(_NEWEST.format(" AND b.state <> 'open'"))
_ASKED = "SELECT 1 FROM fire_question q WHERE q.point_id = p.id AND q.answered_at IS NULL AND q.stops_money"


def _standing_fen() -> int:
    """Fen of every point that stands: final and asked nothing; or asked, and charged by a batch that is past building."""
    rows = _rows(
        f"""SELECT count(*) FROM fire_point p WHERE p.state = 'final' AND (NOT EXISTS ({_ASKED})
        OR EXISTS (SELECT 1 FROM ({_BUILT}) c WHERE c.point_id = p.id))"""
    )
    return int(rows[0][0]) * YUAN_30000


def _rows(sql: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [tuple(row) for row in cursor.fetchall()]


def _renamed(on: date) -> dict[str, str]:
    return dict(_rows("SELECT old_code, new_code FROM grids_succession WHERE valid_from <= %s", [on]))


def _today() -> date:
    from core import clock

    return clock.today_beijing()


def _fire_of_its_own_import(at: tuple[float, float], when: datetime) -> Any:
    """A suspected point whose only row came by a file of its own, so that the file can be withdrawn."""
    from core import clock
    from firepoints.models import Detection, DetectionKey, ImportRun, Source
    from grids.selectors import system_user
    from tests.factories import points as make

    number = next(_serial)
    source = Source.objects.get(code="provincial_list")
    facts = {"sha256": f"{number:064d}", "datum": "wgs84", "actor": system_user()}
    run = ImportRun.objects.create(source=source, filename=f"一生{number}.csv", state="committed", **facts)
    row = Detection.objects.create(
        run=run, row_no=1, source=source, key=f"life:{number}", lon=at[0], lat=at[1], given_lon=str(at[0]),
        given_lat=str(at[1]), datum="wgs84", kind="satellite", satellite="N20", scan_km=0.39, track_km=0.36,
        precision="instant", starts_at=when, ends_at=when, beijing_date=clock.beijing_date(when),
    )  # fmt: skip
    DetectionKey.objects.create(key=row.key, base_key=row.key, detection=row)
    return make.create_point(detections=[row], actor=system_user(), why="一条记录")


def _pdf() -> bytes:
    """A page that a reader can open."""
    import io

    from PIL import Image

    content = io.BytesIO()
    Image.new("RGB", (40, 40), (90, 90, 90)).save(content, "PDF")
    return content.getvalue()


def city_for_lives() -> City:
    """A city with a second clerk and one fixed rule, in a deployment whose clock may be simulated."""
    from grids.roles import PostKind
    from journal.models import Deployment
    from journal.selectors import deployment
    from tests.factories.city import CITY, build_city, person
    from tests.penalties.conftest import add_rule

    Deployment.objects.filter(pk=deployment().pk).update(is_demo=True)
    city = build_city()
    city.people["second"] = person("second", PostKind.BUREAU, CITY)
    add_rule()
    return city


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True, help="URL of a PostgreSQL database from which another can be made")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--acts", type=int, default=500)
    arguments = parser.parse_args()
    from tests.benchmarks.history import database

    with tempfile.TemporaryDirectory() as home, database(arguments.server, "lives", keep=False) as url:
        os.environ |= {"DATABASE_URL": url, "JINSHAO_HOME": home, "JINSHAO_LOG_LEVEL": "CRITICAL"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        wrong = _lives(range(arguments.first, arguments.first + arguments.seeds), arguments.acts, Path(home))
        connection.close()
    sys.exit(1 if wrong else 0)


def _lives(seeds: range, acts: int, home: Path) -> int:
    from django.db import transaction

    from core import clock

    tried: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    wrong = checked = 0
    begun = time.perf_counter()
    for seed in seeds:
        with transaction.atomic():
            city = city_for_lives()
            with clock.simulated(STARTS) as hands:
                life = Life(city, seed, hands, home)
                life.run(acts)
            transaction.set_rollback(True)
        tried += life.acts
        refused += life.refused
        wrong += len(life.differences)
        checked += life.checked
        print(f"seed {seed}: {sum(life.acts.values())} acts, {sum(life.refused.values())} refused, "
              f"{life.checked} times compared, {len(life.differences)} differences", flush=True)  # fmt: skip
        for sentence in life.differences[:5]:
            print(f"   {sentence[:600]}")
    print(
        f"{sum(tried.values())} acts, {checked} times compared, {wrong} differences, {time.perf_counter() - begun:.0f} s"
    )
    for title, counts in (("tried", tried), ("refused", refused)):
        print(f"{title}: " + ", ".join(f"{name} {times}" for name, times in sorted(counts.items())))
    return wrong


if __name__ == "__main__":
    main()
