"""FIRMS as it is delivered: the zip of an order, Shapefile, KML, GeoJSON and JSON give the rows of the CSV."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from firepoints.sightings.readers import firms, fy4, himawari
from firepoints.sightings.readers.base import ParseOptions, ParseResult, SourceError
from papers.layers import unpacking

WHOLE_TEXT = """\
latitude,longitude,brightness,scan,track,acq_date,acq_time,satellite,instrument,confidence,version,bright_t31,frp,daynight,type
41.29984,123.72683,334.71,0.53,0.42,2023-10-01,0501,N20,VIIRS,n,2,296.48,2.68,D,0
41.38534,125.0709,343.77,0.4,0.45,2023-10-01,0501,N20,VIIRS,n,2,295.89,7.27,D,0
41.27242,123.71902,298.46,0.52,0.41,2023-10-01,1720,N20,VIIRS,n,2,286.12,1.1,N,0
"""
ARCHIVE, *ROWS = [line.split(",") for line in WHOLE_TEXT.splitlines()]
FIELDS = tuple(name.upper() for name in ARCHIVE)
NUMBERS = ("latitude", "longitude", "brightness", "scan", "track", "bright_t31", "frp", "type")


def read(data: bytes | Path, **options: object) -> ParseResult:
    return firms.parse(data, options=ParseOptions(**options))


def refused(data: bytes, parser=firms, **options: object) -> SourceError:
    with pytest.raises(SourceError) as caught:
        parser.parse(data, options=ParseOptions(**options))
    assert "xlsx" not in str(caught.value)
    return caught.value


def csv_text(rows=ROWS, header=ARCHIVE, separator=",") -> bytes:
    return "\n".join(separator.join(line) for line in (header, *rows)).encode()


def facts(result: ParseResult) -> list[tuple]:
    return [
        (one.lon, one.lat, one.starts_at, one.satellite, one.version, one.scan_km, one.track_km, one.frp_mw,
         one.confidence, one.static_type)
        for one in result.sightings
    ]  # fmt: skip


WHOLE = facts(read(csv_text()))


def zipped(*files: Path, **texts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.name)
        for name, content in texts.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


def layer(path: Path, names=FIELDS, rows=ROWS) -> Path:
    """The rows as a layer of points by GDAL, numbers as numbers."""
    columns = [
        np.array(values, dtype=float if name.lower() in NUMBERS else object)
        for name, values in zip(ARCHIVE, zip(*rows, strict=True), strict=True)
        if name.upper() in names
    ]
    shapes = shapely.points([float(row[1]) for row in rows], [float(row[0]) for row in rows])
    pyogrio.raw.write(
        path, shapely.to_wkb(shapes), columns, np.array(list(names)), geometry_type="Point", crs="EPSG:4326"
    )
    return path


def test_an_orders_zip_is_read_as_it_comes_and_its_readme_is_no_data():
    result = read(zipped(fire_archive_J1V__csv=csv_text(), Readme__txt=b"latitude,longitude\n1,2\n"))
    assert facts(result) == WHOLE
    assert WHOLE[0][:4] == (123.72683, 41.29984, datetime(2023, 10, 1, 5, 1, tzinfo=UTC), "N20")
    assert {one.sheet for one in result.sightings} == {"fire_archive_J1V.csv"}
    assert result.rejected == []


def test_archive_and_near_real_time_of_one_order_are_both_read_under_their_names():
    nrt = [[*row[:-1]] for row in ROWS[:1]]
    result = read(zipped(fire_archive__csv=csv_text(), fire_nrt__csv=csv_text(nrt, ARCHIVE[:-1])))
    assert [one.sheet for one in result.sightings] == ["fire_archive.csv"] * 3 + ["fire_nrt.csv"]
    assert result.rows == 4


def test_a_file_of_an_order_that_cannot_be_read_is_named_and_half_an_order_is_not_taken():
    error = refused(zipped(fire_archive__csv=csv_text(), fire_nrt__csv=b"a,b\n1,2\n"))
    assert "fire_nrt.csv" in error.where


@pytest.mark.parametrize("folder", ["", "DL_FIRE_J1V-C2_402/"])
def test_an_order_of_a_shapefile_gives_the_rows_of_the_csv(tmp_path, folder):
    layer(tmp_path / "fire_archive_J1V.shp")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(f"{folder}Readme.txt", "please cite")
        for file in tmp_path.iterdir():
            archive.write(file, f"{folder}{file.name}")
    assert facts(read(out.getvalue())) == WHOLE


@pytest.mark.parametrize("suffix", [".gpkg", ".fgb"])
def test_layers_of_qgis_are_read_too(tmp_path, suffix):
    # A FlatGeobuf keeps its rows in the order of its spatial index.
    assert sorted(facts(read(layer(tmp_path / f"fires{suffix}")))) == sorted(WHOLE)


def test_the_position_comes_from_the_shape_where_no_column_has_it(tmp_path):
    names = tuple(name.upper() for name in ARCHIVE if name not in ("latitude", "longitude"))
    assert facts(read(layer(tmp_path / "fires.gpkg", names))) == WHOLE


@pytest.mark.parametrize("suffix", [".shp", ".shx", ".dbf"])
def test_a_part_of_a_shapefile_is_named_with_what_belongs_to_it(tmp_path, suffix):
    layer(tmp_path / "fires.shp")
    error = refused((tmp_path / f"fires{suffix}").read_bytes())
    assert "Shapefile" in error.what
    assert "zip" in error.todo


def test_a_shapefile_without_its_table_is_named_with_what_is_missing(tmp_path):
    layer(tmp_path / "fires.shp")
    assert ".dbf" in refused(zipped(tmp_path / "fires.shp", tmp_path / "fires.shx")).what
    assert ".shp" in refused(zipped(tmp_path / "fires.dbf")).what


def test_a_geopackage_with_a_view_is_refused_here_too(tmp_path):
    path = layer(tmp_path / "fires.gpkg")
    with sqlite3.connect(path) as database:
        database.execute("CREATE VIEW v AS SELECT 1")
    assert refused(path.read_bytes()).code == "active_content"


def feature(row: list[str], names=ARCHIVE) -> dict:
    properties = {name: value for name, value in zip(ARCHIVE, row, strict=True) if name in names}
    point = {"type": "Point", "coordinates": [float(row[1]), float(row[0])]}
    return {"type": "Feature", "properties": properties, "geometry": point}


WITHOUT_PLACE = [name for name in ARCHIVE if name not in ("latitude", "longitude")]


@pytest.mark.parametrize(
    "whole",
    [
        [dict(zip(ARCHIVE, row, strict=True)) for row in ROWS],
        [dict(zip(ARCHIVE, [float(row[0]), float(row[1]), *row[2:]], strict=True)) for row in ROWS],
        {"data": [dict(zip(ARCHIVE, row, strict=True)) for row in ROWS]},
        {"type": "FeatureCollection", "features": [feature(row) for row in ROWS]},
        {"type": "FeatureCollection", "features": [feature(row, WITHOUT_PLACE) for row in ROWS]},
        {
            "features": [
                {"attributes": dict(zip(ARCHIVE, row, strict=True)), "geometry": {"x": 1, "y": 2}} for row in ROWS
            ]
        },
    ],
    ids=["archive", "numbers", "under a name", "geojson", "geojson with shapes alone", "arcgis"],
)
def test_json_in_each_of_its_forms_gives_the_rows_of_the_csv(whole):
    data = json.dumps(whole).encode()
    assert facts(read(data)) == WHOLE
    assert facts(read(zipped(fire__json=data, Readme__txt=b"x"))) == WHOLE


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_json_line_by_line_and_in_the_encodings_of_offices_is_read(encoding):
    rows = [dict(zip(ARCHIVE, row, strict=True)) | {"备注": "秸秆"} for row in ROWS]
    assert facts(read("\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode(encoding))) == WHOLE
    assert facts(read(json.dumps(rows, ensure_ascii=False).encode(encoding))) == WHOLE


@pytest.mark.parametrize("content", [b'{"error": "Invalid API call."}', b"[]", b"{}", b'[{"latitude": 1', b"[1, 2]"])
def test_a_json_without_fires_says_so(content):
    error = refused(content)
    assert "JSON" in error.what
    assert ("Invalid API call" in error.what) == (b"error" in content)


def kml(*descriptions: str) -> bytes:
    marks = "".join(
        f"<Placemark><name>Fire</name><description><![CDATA[{text}]]></description>"
        "<Point><coordinates>123.72683,41.29984,0</coordinates></Point></Placemark>"
        for text in descriptions
    )
    return (
        f'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{marks}</Document></kml>'.encode()
    )


DESCRIBED = (
    "<b>Latitude:</b> 41.29984<br/><b>Longitude:</b> 123.72683<br/><b>Detection Time:</b> 2023-10-01 0501 UTC<br/>"
    "<b>Sensor:</b> VIIRS N20"
)


@pytest.mark.parametrize(
    "text",
    [
        DESCRIBED,
        DESCRIBED.replace("0501 UTC", "05:01 UTC").replace("VIIRS N20", "VIIRS NOAA-20"),
        "<table><tr><td>Latitude:</td><td>41.29984</td></tr><tr><td>Longitude:</td><td>123.72683</td></tr>"
        "<tr><td>Detection Time:</td><td>2023-10-01 05:01 GMT</td></tr><tr><td>Satellite:</td><td>N20</td></tr></table>",
        DESCRIBED.replace("<b>Latitude:</b> 41.29984<br/><b>Longitude:</b> 123.72683<br/>", ""),
    ],
)
def test_a_kml_of_the_last_day_says_its_fires_in_descriptions(text):
    (one,) = read(kml(text)).sightings
    assert (one.lon, one.lat, one.satellite) == (123.72683, 41.29984, "N20")
    assert one.starts_at == datetime(2023, 10, 1, 5, 1, tzinfo=UTC)
    (same,) = read(zipped(doc__kml=kml(text))).sightings
    assert (same.starts_at, same.lon) == (one.starts_at, one.lon)


def test_a_kml_with_fields_of_its_own_is_read_by_them():
    data = "".join(
        f'<SimpleData name="{name.upper()}">{value}</SimpleData>' for name, value in zip(ARCHIVE, ROWS[0], strict=True)
    )
    mark = f'<Placemark><ExtendedData><SchemaData schemaUrl="#x">{data}</SchemaData></ExtendedData></Placemark>'
    text = f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{mark}</Document></kml>'
    assert facts(read(text.encode())) == WHOLE[:1]


def test_a_bomb_of_an_archive_is_refused(monkeypatch):
    assert refused(zipped(fire__csv=b" " * 60_000_000)).code == "bomb"
    monkeypatch.setattr(unpacking, "MOST_UNPACKED_BYTES", 100)
    monkeypatch.setattr(unpacking, "check_members", lambda *about: None)
    assert refused(zipped(fire__csv=csv_text())).code == "bomb"


def test_a_path_that_leads_out_of_the_archive_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../fire.csv", csv_text())
    assert refused(out.getvalue()).code == "unsafe_archive"


def with_commas(row: list[str]) -> list[str]:
    return [cell.replace(".", ",") if name in NUMBERS else cell for name, cell in zip(ARCHIVE, row, strict=True)]


def test_semicolons_with_decimal_commas_are_the_same_rows():
    assert facts(read(csv_text([with_commas(row) for row in ROWS], separator=";"))) == WHOLE


def test_a_column_that_mixes_points_and_commas_is_not_guessed():
    rows = [with_commas(ROWS[0]), ROWS[1]]
    result = read(csv_text(rows, separator=";"))
    assert [bad.code for bad in result.rejected] == ["bad_number"]


@pytest.mark.parametrize(
    ("parser", "data", "name", "word", "bring"),
    [
        (himawari, b"Lat,Lon,N\n41,123,2\n", "H09_20251209_1900_1HWLFbet_FLDK.06001_06001.csv", "L3", "L2WLF"),
        (himawari, b"# L3WLF hourly\nLat,Lon,N\n41,123,2\n", "x.csv", "L3", "L2WLF"),
        (fy4, b"\x89HDF\r\n\x1a\n", "FY3D_MERSI_GBAL_L2_GFR_MLT_GLL_20231001_0501_1000M_MS.HDF", "风云三号", "清单"),
        (fy4, "风云三号火情监测\n序号 纬度 经度\n1 41.3 123.7\n".encode("gb18030"), "x.txt", "风云三号", "清单"),
        (fy4, b"\x89HDF\r\n\x1a\n", "FY4A-_AGRI--_N_DISK_1047E_L2-_FHS-_MULT_20231001.HDF", "风云四号", "文本"),
        (himawari, b"CDF\x01xxxx", "x.nc", "二进制", "清单"),
        (firms, b"\x89HDF\r\n\x1a\n", "VNP14IMG.A2023274.nc", "HDF", "CSV"),
        (firms, b"YYYYMMDD HHMM sat lat lon\n20231001 0501 T 41.3 123.7\n", "MCD14ML.202310.006.02.txt", "MODIS", "CSV"),
        (firms, b"\x1f\x8b\x08\x00", "fire.csv.gz", "gz", "CSV"),
    ],
)  # fmt: skip
def test_other_products_are_named_with_what_to_bring_instead(parser, data, name, word, bring):
    error = refused(data, parser, filename=name)
    assert word in error.what
    assert bring in error.todo
