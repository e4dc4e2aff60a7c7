"""A month from the real satellite file to the finance table, through the services and pages that an office uses.

Leads come from the real October file of NASA FIRMS, the borders are the synthetic ones of 本溪. A scripted patrol confirms
some leads, a provincial list adds points of its own, the county verifies, the bureau recognises, the window lapses.
"""

import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import docx
import pytest
import time_machine
from python_calamine import CalamineWorkbook

from core.errors import BadInput, Conflict, Missing
from firepoints.life.objections import lapse_due
from firepoints.models import FirePoint, Recognition
from firepoints.sightings.importing.reading import ListName
from firepoints.terms.states import State
from grids.editions.activating import edition_activate, edition_import
from grids.models import User
from grids.roles import PostKind
from grids.selectors import system_user
from journal.record.verify import verify
from papers import filing
from penalties.batches import reports, steps
from penalties.models import BatchDocument, LedgerEntry
from penalties.money import daxie
from penalties.pack import pack_load
from tests.factories import points as make
from tests.factories.city import designated, person
from tests.factories.imports import import_file

RATE_FEN = 3_000_000
LEVELS = ("county", "township", "village", "group")
COUNTIES = ("210502", "210503", "210504", "210505", "210521", "210522")
START = datetime(2023, 11, 1, 1, 0, tzinfo=UTC)


@dataclass
class Office:
    clerk: User
    officer: User
    recogniser: User
    departments: dict[str, User]


@pytest.fixture
def office(db, data_dir: Path, settings, tmp_path_factory) -> Office:
    """The pack of 本溪 on the synthetic borders, with one person for each office."""
    settings.JINSHAO_HOME = tmp_path_factory.mktemp("home")
    system = system_user()
    pack_load(folder=Path(settings.BASE_DIR) / "packs" / "benxi", actor=system)
    edition_import(
        name="合成边界",
        levels={level: data_dir / f"synthetic_benxi_{level}.geojson" for level in LEVELS},
        datum="wgs84",
        actor=system,
    )
    edition_activate(name="合成边界", valid_from=date(2016, 1, 1), actor=system)
    return Office(
        clerk=person("clerk", PostKind.BUREAU, "2105"),
        officer=person("officer", PostKind.BUREAU, "2105"),
        recogniser=person("recogniser", PostKind.RECOGNISER, "2105"),
        departments={code: designated(f"d{code}", code) for code in COUNTIES},
    )


def patrol_file(folder: Path, leads: list[FirePoint]) -> Path:
    """What the patrol wrote down the same afternoon, at the very places."""
    lines = ["found_at,lon,lat,kind,finder"]
    for i, lead in enumerate(leads):
        when = (lead.ends_at + timedelta(hours=2)).isoformat()
        lines.append(f"{when},{lead.lon:.5f},{lead.lat:.5f},{'scar' if i % 2 else 'fire'},演示巡查员")
    path = folder / "patrol.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def province_file(folder: Path) -> Path:
    """A provincial list of places where the satellite file of NOAA-20 has nothing."""
    rows = [("124.05", "41.20"), ("124.22", "41.05"), ("125.30", "41.30"), ("125.42", "41.18")]
    lines = ["序号,监测日期,过境时间,经度,纬度,县"]
    lines += [f"{i},2023-10-{10 + i},13:20,{lon},{lat},本溪县" for i, (lon, lat) in enumerate(rows, 1)]
    path = folder / "province.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def isolated_leads(count: int) -> list[FirePoint]:
    """Single-county suspicions of one satellite pixel, far enough apart that the patrol cannot confuse them."""
    chosen: list[FirePoint] = []
    for point in FirePoint.objects.filter(state=State.SUSPECTED, is_cross=False, is_oversize=False).order_by("pk"):
        apart = all(abs(point.lon - other.lon) + abs(point.lat - other.lat) > 0.05 for other in chosen)
        if apart and point.county_code and point.memberships.count() == 1:
            chosen.append(point)
        if len(chosen) == count:
            break
    return chosen


def prove(office: Office, point: FirePoint) -> FirePoint:
    """Dispatch, verify with a photo, recognise, notify; what the machine asks is answered first."""
    if point.is_cross:
        return make.take(point, "mark_cross", office.clerk, reason="像元跨两县")
    if make.asked(point):
        point = make.take(point, "review", office.clerk, reason="清单的县名写错，坐标与现场一致")
    by = office.departments[point.county_code]
    point = make.take(point, "dispatch", office.clerk)
    make.take(point, "report", by, conclusion="true", evidence=make.uuids(make.photo(point, by)))
    make.take(point, "recognise", office.recogniser, reason="现场有过火痕迹")
    return make.take(point, "notify", office.clerk)


def words_of(document: BatchDocument) -> str:
    content = filing.open_stored(document.stored_as).read_bytes()
    if document.filename.endswith(".xlsx"):
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
        return "\n".join(str(cell) for sheet in sheets for row in sheet for cell in row)
    paper = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(p.text for p in paper.paragraphs), *cells])


def test_from_leads_to_the_finance_table_the_total_is_the_same_to_the_fen_everywhere(
    office, data_dir, tmp_path, client
):
    system = system_user()
    with time_machine.travel(START, tick=False) as clock:
        leads = import_file(
            path=data_dir / "firms_viirs_noaa20_liaoning_2023-10.csv", source_code="firms", actor=system
        )
        assert (leads.rows, leads.kept, leads.outside) == (2361, 308, 2053)
        chosen = isolated_leads(6)
        seen = import_file(path=patrol_file(tmp_path, chosen), source_code="patrol", actor=system)
        listed = import_file(
            path=province_file(tmp_path),
            source_code="provincial_list",
            actor=system,
            name=ListName(issuer="演示省", list_no="1"),
        )
        assert (seen.kept, listed.kept) == (6, 4)
        charged = [FirePoint.objects.get(pk=point.pk) for point in chosen]
        charged += list(FirePoint.objects.filter(memberships__detection__source__code="provincial_list"))
        asked = [make.asked(point) for point in charged if "表列县不符" in make.asked(point)]
        assert len(asked) == 2, "the list says 本溪县 of two places in 桓仁"
        proved = [prove(office, point) for point in charged]
        counted = [point for point in proved if point.state == State.OBJECTION]
        assert len(counted) >= 8
        clock.shift(timedelta(days=6))
        assert lapse_due() == len(counted)
        batch = steps.batch_build(month="2023-10", actor=office.clerk)
        steps.batch_freeze(batch_id=batch.pk, actor=office.officer)
        batch = steps.batch_submit(batch_id=batch.pk, actor=office.clerk)

        total = len(counted) * RATE_FEN
        assert sum(LedgerEntry.objects.values_list("amount_fen", flat=True)) == total
        assert sum(line.amount_fen for line in batch.lines.all()) == total
        assert {line.payer_code for line in batch.lines.all()} == set(COUNTIES)
        assert reports.batch_report(batch).total.amount_fen == total
        for document in batch.documents.all():
            assert daxie(total) in words_of(document)
        client.force_login(office.clerk)
        assert daxie(total) in client.get(f"/penalties/{batch.pk}/").content.decode()

        gone = counted[0]
        kept = next(point for point in counted[1:] if point.county_code == gone.county_code)
        make.take(gone, "merge_decided", office.recogniser, into=kept.pk, reason="复核为同一处")
        later = steps.batch_build(month="2023-11", actor=office.clerk)
        back = LedgerEntry.objects.get(batch=later)
        assert (back.point_id, back.amount_fen) == (gone.pk, -RATE_FEN)
        assert sum(LedgerEntry.objects.values_list("amount_fen", flat=True)) == total - RATE_FEN
    assert verify().ok


def test_no_lead_is_ever_charged_by_itself(office, data_dir):
    import_file(path=data_dir / "firms_viirs_noaa20_liaoning_2023-10.csv", source_code="firms", actor=system_user())
    point = isolated_leads(1)[0]
    by = office.departments[point.county_code]
    make.take(point, "dispatch", office.clerk)
    make.take(point, "report", by, conclusion="true", evidence=make.uuids(make.photo(point, by)))
    with pytest.raises(Missing, match="线索"):
        make.take(point, "recognise", office.recogniser, reason="有火")
    assert not Recognition.objects.exists()


def test_the_list_of_2016_is_recorded_and_charged_nothing(db, data_dir, settings, tmp_path_factory):
    settings.JINSHAO_HOME = tmp_path_factory.mktemp("home")
    system = system_user()
    pack_load(folder=Path(settings.BASE_DIR) / "packs" / "benxi", actor=system)
    edition_import(
        name="辽宁县界", levels={"county": data_dir / "liaoning_counties.geojson"}, datum="wgs84", actor=system
    )
    edition_activate(name="辽宁县界", valid_from=date(2016, 1, 1), actor=system)
    done = import_file(path=data_dir / "straw_fire_list_2016_2017_half.xlsx", source_code="national_list", actor=system)
    assert done.kept > 0
    assert done.kept + done.outside == done.rows == 1292
    clerk = person("clerk", PostKind.BUREAU, "2105")
    recogniser = person("recogniser", PostKind.RECOGNISER, "2105")
    point = FirePoint.objects.filter(is_cross=False, is_oversize=False).exclude(county_code="").order_by("pk").first()
    officer = person("officer", PostKind.BUREAU, "2105")
    office = Office(clerk, officer, recogniser, {point.county_code: designated("dept", point.county_code)})
    with pytest.raises(Conflict, match="计入以后是 0 元"):
        prove(office, point)
    point.refresh_from_db()
    make.take(point, "recognise", office.recogniser, reason="现场有过火痕迹", zero_amount_confirmed=True)
    make.take(point, "notify", office.clerk)
    make.take(point, "waive", office.departments[point.county_code], document_no="演示函1号")
    with pytest.raises(BadInput, match="最早的规则"):
        steps.batch_build(month=f"{point.burn_date:%Y-%m}", actor=clerk)
    steps.batch_build(month="2022-09", actor=clerk)
    assert not LedgerEntry.objects.exists()
