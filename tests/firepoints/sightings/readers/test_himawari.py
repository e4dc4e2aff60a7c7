"""Himawari L2WLF: `#` headings, latitude first, UTC, and a flux that becomes a power."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from firepoints.sightings.readers import himawari, keys
from firepoints.sightings.readers.base import ParseOptions, SourceError
from firepoints.sightings.readers.table import table_of

PERIOD = "# 2025 12  9 19  0 UTC  2025 12  9 19 30 UTC"
HEADING = "# ID,Year,Month,Day,Time(UTC),Lat,Lon,Area(km^2),Volcano,Level,Reliability,FRP(Wm^-2),QF,Hot(ID)"
ROW = "1,2025,12,9,1902,41.14,122.98,3.73,0,2,1,3.75,0,1"
NAME = "H09_20251209_1900_L2WLF010_FLDK.06001_06001.csv"


def read(*lines: str, filename: str = NAME, **options):
    text = "\n".join((PERIOD, HEADING, *lines))
    return himawari.parse(text.encode(), options=ParseOptions(filename=filename, **options))


def test_a_line_is_an_instant_in_utc_with_latitude_first():
    (one,) = read(ROW).sightings
    assert (one.starts_at, one.ends_at) == (datetime(2025, 12, 9, 19, 2, tzinfo=UTC),) * 2
    assert (one.lon, one.lat, one.satellite, one.version, one.confidence) == (122.98, 41.14, "H09", "010", "1")
    assert (one.row_no, one.seq_no, one.raw["FRP(Wm^-2)"]) == (3, "1", "3.75")


def test_a_flux_times_the_area_of_its_pixel_is_a_power_in_megawatts():
    (one,) = read(ROW).sightings
    assert one.frp_mw == pytest.approx(3.75 * 3.73, abs=0.001)
    assert one.scan_km == pytest.approx(3.73**0.5)
    assert read(ROW.replace("3.73", "")).sightings[0].frp_mw is None
    given = himawari.parse(f"{HEADING}\n{ROW}".replace("Wm^-2", "MW").encode(), options=ParseOptions())
    assert given.sightings[0].frp_mw == 3.75


@pytest.mark.parametrize(("given", "hour", "minute"), [("7", 0, 7), ("1902", 19, 2), ("19:02", 19, 2), ("0", 0, 0)])
def test_a_time_that_lost_its_zeros_is_still_hhmm(given, hour, minute):
    (one,) = read(ROW.replace("1902", given)).sightings
    assert (one.starts_at.hour, one.starts_at.minute) == (hour, minute)


def test_without_its_name_the_date_tells_which_himawari_it_was():
    assert read(ROW, filename="a.csv").sightings[0].satellite == "H09"
    assert read(ROW.replace("2025", "2021"), filename="").sightings[0].satellite == "H08"
    assert read(ROW, filename="a.csv", satellite="H08").sightings[0].satellite == "H08"


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        (ROW.replace("41.14", "122.98", 1).replace(",122.98,3.73", ",41.14,3.73"), "swapped", "Lat"),
        (ROW.replace("41.14", ""), "missing_coordinate", "Lat"),
        (ROW.replace("12,9,", "2,30,"), "bad_date", "Day"),
        (ROW.replace("1902", "2560"), "bad_time", "Time(UTC)"),
        (ROW.replace("2025", "x"), "bad_date", "Day"),
        ("1,2,3", "columns", ""),
        (ROW + ",1", "columns", ""),
    ],
)
def test_a_bad_line_is_quarantined_with_its_column(row, code, column):
    result = read(ROW, row, ROW)
    assert [(bad.row_no, bad.code, bad.column) for bad in result.rejected] == [(4, code, column)]
    assert len(result.sightings) == 2


def test_a_future_line_is_quarantined_and_headings_are_notes():
    result = read(ROW, "# end", "", now=datetime(2025, 12, 1, tzinfo=UTC))
    assert [bad.code for bad in result.rejected] == ["future"]
    assert [note.row_no for note in result.notes] == [1, 2, 4]


@pytest.mark.parametrize("data", [b"", b"# nothing", ROW.encode(), b"latitude,longitude\n1,2", b"\xff\xfe\x00"])
def test_what_is_no_l2wlf_is_refused_with_words(data):
    with pytest.raises(SourceError) as caught:
        himawari.parse(data, options=ParseOptions())
    assert caught.value.todo


def test_the_real_file_reads_whole(data_dir):
    (path,) = (data_dir / "samples").glob("H09_*.csv")
    result = himawari.parse(path, options=ParseOptions())
    assert (len(result.sightings), len(result.rejected), len(result.notes)) == (212, 0, 2)
    assert {one.satellite for one in result.sightings} == {"H09"}
    assert len(set(keys.satellite_columns(table_of(result), "himawari").key.to_pylist())) == 212
