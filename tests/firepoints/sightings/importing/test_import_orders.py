"""An order of FIRMS through the whole import: kept as it came, read again by a worker, the same rows as its CSV."""

import io
import zipfile
from pathlib import Path

import pytest

from firepoints.models import Detection, ImportRun, RawRow
from papers import filing
from tests.factories.city import IN_EAST, IN_WEST
from tests.factories.imports import import_file

pytestmark = pytest.mark.django_db
HEADER = "latitude,longitude,scan,track,acq_date,acq_time,satellite,instrument,version,frp,type"


def csv_of(*places: tuple[float, float]) -> bytes:
    rows = [
        f"{lat},{lon},0.53,0.42,2023-10-01,0501,N20,VIIRS,2,2.68,0" for lon, lat in [(at[0], at[1]) for at in places]
    ]
    return "\n".join((HEADER, *rows, "")).encode()


def test_a_zip_is_kept_as_it_came_and_gives_the_rows_of_its_files(tmp_path: Path, city):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("fire_archive_J1V-C2_401.csv", csv_of(IN_WEST))
        archive.writestr("fire_archive_SV-C2_401.csv", csv_of(IN_EAST))
        archive.writestr("Readme.txt", "Please cite.")
    order = tmp_path / "DL_FIRE_J1V-C2_401.zip"
    order.write_bytes(out.getvalue())
    done = import_file(path=order, source_code="firms", actor=city.system)
    assert (done.rows, done.kept, done.notes) == (2, 2, 0)
    assert Detection.objects.count() == 2
    assert sorted(RawRow.objects.values_list("sheet", flat=True)) == [
        "fire_archive_J1V-C2_401.csv", "fire_archive_SV-C2_401.csv",
    ]  # fmt: skip
    assert filing.stored_path(ImportRun.objects.get().stored_as).read_bytes() == out.getvalue()
    plain = tmp_path / "fire_archive.csv"
    plain.write_bytes(csv_of(IN_WEST, IN_EAST))
    again = import_file(path=plain, source_code="firms", actor=city.system)
    assert (again.kept, again.identical) == (0, 2)
