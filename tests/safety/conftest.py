"""A small city with one rule, a home folder of its own, and a scene with a row in every table that matters."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core import clock
from firepoints.life.proposing import act_or_propose
from firepoints.models import (
    ColumnMapping,
    Detection,
    DroppedRow,
    FeedbackDue,
    FeedbackSent,
    FinalWord,
    FirePoint,
    FormerNumber,
    ImportRun,
    Mending,
    RawChunk,
    RawRow,
    Ruling,
)
from grids.editions.reports import edition_report
from grids.models import CellChange, EditionImport, RosterImport
from grids.people.phones import phone_checked
from journal.models import Job, Proposal
from journal.record import sealing, services
from penalties.batches import steps
from penalties.circulars import making
from penalties.models import Batch, Circular
from tests.factories import points as make
from tests.factories import scans
from tests.factories.city import IN_EAST, IN_WEST, ON_THE_BORDER, WEST, City, build_city
from tests.factories.imports import import_file
from tests.penalties.conftest import add_rule

MONTH = "2023-10"
HEADER = (
    "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,instrument,confidence,version,"
    "bright_ti5,frp,daynight"
)


@pytest.fixture(scope="session")
def _index_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _own_home(settings: Any, _index_home: Path) -> None:
    settings.JINSHAO_HOME = _index_home


@pytest.fixture
def city(db: None) -> City:
    city = build_city()
    add_rule()
    return city


@dataclass
class Scene:
    """A month of the city: a settled batch, and points of both counties in the states that matter."""

    city: City
    run: ImportRun
    batch: Batch
    west: FirePoint
    east: FirePoint
    cross: FirePoint
    waiting: FirePoint
    suspected: FirePoint
    job: Job
    circular: Circular
    proposal: Proposal


def firms_row(at: tuple[float, float] = IN_WEST, time: str = "0530", version: str = "2.0NRT") -> str:
    """One VIIRS row of 2023-10-07 at a place (lon, lat); `time` is UTC."""
    return f"{at[1]},{at[0]},330.1,0.39,0.36,2023-10-07,{time},N20,VIIRS,n,{version},290.0,4.2,D"


def settled_batch(city: City, folder: Path) -> Batch:
    """The month's batch with its approval and the vouchers of every line."""
    scan = folder / "批件.pdf"
    scan.write_bytes(scans.pdf())
    batch = steps.batch_build(month=MONTH, actor=city.clerk)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    steps.batch_submit(batch_id=batch.pk, actor=city.clerk)
    steps.batch_approve(
        batch_id=batch.pk, actor=city.officer, doc_no="演示批〔2023〕1号", approved_on=clock.today_beijing(), file=scan
    )
    steps.batch_send(batch_id=batch.pk, actor=city.clerk)
    return steps.batch_settle(
        batch_id=batch.pk, actor=city.finance, voucher_no="演示凭证1", settled_on=clock.today_beijing()
    )


def issued_circular(city: City) -> Circular:
    """The month's 通报, gone out."""
    made = making.circular_make(starts_on=date(2023, 10, 1), ends_on=date(2023, 10, 31), actor=city.clerk)
    days = {"issued_on": clock.today_beijing(), "reported_on": clock.today_beijing()}
    making.circular_issue(circular=made, doc_no="演示环〔2023〕1号", actor=city.clerk, **days)
    return made


def settled_jointly(city: City) -> FirePoint:
    """A point on the border whose joint record found the western county."""
    point = make.joint(city, at=ON_THE_BORDER)
    return make.take(
        point,
        "settle_jointly",
        city.clerk,
        conclusion="true",
        sites=[{"lon": 123.799, "lat": 41.2502}],
        attendances=make.attendance(),
        evidence=make.uuids(make.photo(point, city.clerk)),
    )


def _bring_in_borders(city: City) -> None:
    """A checked edition, a code that changed, and an import that waits for a person."""
    edition = city.edition
    edition_report(edition=edition, actor=city.clerk)
    CellChange.objects.create(
        edition=edition, old_edition=edition, revision=1, kind=CellChange.Kind.RENAMED, level="county", old_code=WEST,
        new_code=WEST, old_name="甲县", new_name="甲区", actor=city.clerk,
    )  # fmt: skip
    guess = {"level": "county", "code": "code", "name": "name", "parent": "", "parent_seen": "", "level_column": ""}
    source = {"file": "c.geojson", "layer": "c", "label": "c.geojson", "rows": 2, "crs": "EPSG:4326", "note": "",
              "columns": [{"name": "code", "sample": WEST}, {"name": "name", "sample": "甲县"}], "guess": guess}  # fmt: skip
    EditionImport.objects.create(uuid=IMPORT, name="演示新版", actor=city.clerk, report={"sources": [source]})


def _answer_the_issuer(city: City, run: ImportRun, point: FirePoint) -> None:
    """What people do with an import and a roster, one row of each."""
    row, _ = RawRow.objects.get_or_create(
        run=run, row_no=9, defaults={"outcome": RawRow.Outcome.QUARANTINED, "raw": "{}"}
    )
    by, dated = {"actor": city.clerk}, {"document_no": "演示〔2023〕3号"}
    ColumnMapping.objects.create(source=run.source, issuer="演示", version=1, fields={}, **by)
    Mending.objects.create(row=row, kind=Mending.Kind.DISCARDED, reason="演示", **by)
    FormerNumber.objects.create(point=point, number="HD2022-9999", year=2022)
    DroppedRow.objects.create(run=run, detection=Detection.objects.order_by("pk")[0])
    FeedbackDue.objects.create(run=run, due_on=DAY, **by, **dated)
    FeedbackSent.objects.create(run=run, sent_on=DAY, stored_as="x", sha256="0" * 64, rows=1, answered=1, **by, **dated)
    FinalWord.objects.create(
        row=row, seq=1, point=point, accepted=True, answer="属实", document_date=DAY, **by, **dated
    )
    packed = {"first_row": 1, "last_row": 1, "rows": 1, "counts": {}, "body": b"", "digest": "0" * 64}
    RawChunk.objects.create(run=make.run_of("provincial_list"), seq=1, **packed)
    phone_checked(holder=city.people["head"], is_answered=False, actor=city.clerk)
    RosterImport.objects.create(filename="演示.xlsx", sha256="0" * 64, stored_as="x", **by)


DAY = date(2023, 11, 1)
IMPORT = "7b0f2f0e-0000-4000-8000-000000000000"


@pytest.fixture
def scene(city: City, tmp_path: Path) -> Scene:
    """Every act once, through the real services; every committed entry sealed."""
    west, east = make.final(city), make.final(city, at=IN_EAST)
    cross = settled_jointly(city)
    far = (IN_EAST[0] + 0.03, IN_EAST[1] + 0.03)
    for name, version in (("nrt", "2.0NRT"), ("standard", "2.0")):
        path = tmp_path / f"{name}.csv"
        path.write_text(f"{HEADER}\n{firms_row(far, version=version)}\n")
        run = import_file(path=path, source_code="firms", actor=city.clerk).run
    assert run is not None
    batch = settled_batch(city, tmp_path)
    Ruling.objects.create(key="negative_photos", valid_from=date(2016, 1, 1), value=3, document_no="演示〔2016〕2号")
    waiting = make.verified(city, at=(IN_WEST[0], IN_WEST[1] + 0.03))
    suspected = make.suspected(at=(IN_EAST[0], IN_EAST[1] - 0.03))
    circular = issued_circular(city)
    asking = {"point_id": west.pk, "action": "reopen", "actor": city.recogniser, "data": {"reason": "复核"}}
    proposal = act_or_propose(**asking).proposal
    assert proposal is not None
    services.access(city.clerk, "evidence", west)
    _bring_in_borders(city)
    _answer_the_issuer(city, run, west)
    sealing.seal_all()
    now = clock.real_now()
    job = Job.objects.create(
        name="demo.failed", key="演示", state=Job.State.FAILED, attempts=5, error="演示 <错误>", run_after=now, created_at=now,
        finished_at=now,
    )  # fmt: skip
    return Scene(city, run, batch, west, east, cross, waiting, suspected, job, circular, proposal)
