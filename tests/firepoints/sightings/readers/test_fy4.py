"""FY-4A fire text: GBK, CRLF, latitude first, 省地县 last, and the time in the file's name or its title."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from firepoints.sightings.readers import fy4
from firepoints.sightings.readers.base import ParseOptions, SourceError

REGIONS = "火区编号 纬度 经度 象素数 像素面积（平方公里） 明火区面积(公顷) 草地 林地 其它 云边缘 省地县"
REGION = "1 41.21 123.72 2 8.4 0.31 0.0 0.0 100.0 0 辽宁省本溪市溪湖区"
PIXELS = "火点编号 像元火区编号 可信度 纬度 经度 像素面积（平方公里） 明火区面积(公顷) FRP 强度等级 土地类型 省地县"
PIXEL = "1 1 80 41.20 123.70 4.2 0.15 12.5 2 农田 辽宁省 本溪市 溪湖区"
NAME = "FY4A-_AGRI--_N_DISK_1047E_L2-_FHS-_MULT_NOM_20191122050000_20191122051459_4000M_V0001.TXT"


def read(*lines: str, encoding: str = "gbk", filename: str = NAME, **options):
    data = "\r\n".join((*lines, "")).encode(encoding)
    return fy4.parse(data, options=ParseOptions(filename=filename, **options))


@pytest.mark.parametrize(
    ("heading", "row", "lon", "side"), [(REGIONS, REGION, 123.72, 8.4), (PIXELS, PIXEL, 123.7, 4.2)]
)
@pytest.mark.parametrize("encoding", ["gbk", "utf-8", "utf-16"])
def test_both_column_sets_are_read_with_latitude_first(heading, row, lon, side, encoding):
    (one,) = read(heading, row, encoding=encoding).sightings
    assert (one.lon, one.satellite, one.instrument, one.stated_county) == (lon, "FY4A", "AGRI", "溪湖区")
    assert one.starts_at == datetime(2019, 11, 22, 5, tzinfo=UTC)
    assert one.ends_at == datetime(2019, 11, 22, 5, 14, 59, tzinfo=UTC)
    assert one.scan_km == pytest.approx(side**0.5)


def test_power_confidence_and_number_come_from_the_pixel_table():
    (one,) = read(PIXELS, PIXEL).sightings
    assert (one.frp_mw, one.confidence, one.seq_no, one.stated_place) == (12.5, "80", "1", "辽宁省 本溪市 溪湖区")
    assert one.raw["土地类型"] == "农田"


def test_areas_beside_their_pixels_are_notes_because_they_are_their_sums():
    result = read(REGIONS, REGION, "", PIXELS, PIXEL, PIXEL.replace("41.20", "41.24"))
    assert ([one.row_no for one in result.sightings], [note.row_no for note in result.notes]) == ([5, 6], [1, 2, 4])


@pytest.mark.parametrize(
    ("title", "hour"),
    [("FY-4A 2019年11月22日13时00分（北京时）火情监测", 5), ("2019-11-22 05:00 UTC", 5), ("2019年11月22日 05:00（世界时）", 5),
     ("2019年11月22日13时", 5)],
)  # fmt: skip
def test_without_a_name_the_time_is_read_from_a_title_in_its_own_zone(title, hour):
    result = read(title, PIXELS, PIXEL, filename="a.txt")
    (one,) = result.sightings
    assert (one.starts_at, one.precision) == (datetime(2019, 11, 22, hour, tzinfo=UTC), "instant")
    assert result.meta["observed_by"] == "title"


def test_without_any_time_the_file_is_refused_and_the_import_may_say_it():
    with pytest.raises(SourceError, match="原文件名") as caught:
        read(PIXELS, PIXEL, filename="fire.txt")
    assert caught.value.code == "no_time"
    at = datetime(2019, 11, 22, 5, tzinfo=UTC)
    assert read(PIXELS, PIXEL, filename="fire.txt", observed=(at, at)).sightings[0].starts_at == at


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (PIXEL.replace("41.20 123.70", "123.70 41.20"), "swapped"),
        (PIXEL.replace("41.20", "abc"), "bad_number"),
        (PIXEL.replace("41.20", "95.0"), "out_of_range"),
        ("1 2 3", "columns"),
    ],
)
def test_a_bad_line_is_quarantined(row, code):
    result = read(PIXELS, PIXEL, row, area=(118.0, 38.0, 126.0, 44.0))
    assert [(bad.row_no, bad.code) for bad in result.rejected] == [(3, code)]


def test_a_pixel_at_sea_has_no_county():
    (one,) = read(PIXELS, PIXEL.removesuffix(" 辽宁省 本溪市 溪湖区")).sightings
    assert one.stated_county == ""


def test_a_heading_without_lines_is_an_empty_file_not_an_error_and_anything_else_is_refused():
    assert read(PIXELS).rows == 0
    with pytest.raises(SourceError):
        read("经度 纬度", "1 2")


@pytest.mark.parametrize(
    ("lost", "code"),
    [(" 41.20", "columns"), (" 123.70", "columns"), (" 农田", "columns"), ("辽宁省 本溪市 溪湖区", "")],
)
@pytest.mark.parametrize("written", [PIXEL, PIXEL.replace("辽宁省 本溪市 溪湖区", "辽宁省本溪市溪湖区")])
def test_a_cell_lost_before_the_place_shifts_nothing_and_a_place_may_be_absent(lost, code, written):
    line = written.replace(lost if lost in written else lost.replace(" ", ""), "", 1)
    result = read(PIXELS, line)
    assert [row.code for row in result.rejected] == ([code] if code else [])
    assert len(result.sightings) == (not code)
