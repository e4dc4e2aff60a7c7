"""Border files as offices have them: Shapefile in two encodings, GeoPackage, GeoJSON, KML, zipped, in any declared CRS."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from core.errors import BadInput
from grids.editions.files import Part, Plan, read_borders
from papers.layers import unpacking
from tests.grids.files import box, feature, two_counties, write

WEST, EAST = shapely.box(123.7, 41.2, 123.8, 41.4), shapely.box(123.8, 41.2, 123.9, 41.4)


def written(path: Path, *, layer: str | None = None, crs: str = "EPSG:4490", shapes=(WEST, EAST), append=False,
            encoding: str | None = None, **columns: list) -> Path:  # fmt: skip
    """A file of two counties, or of the given columns, by GDAL."""
    columns = columns or {"code": ["210590", "210591"], "name": ["甲县", "乙县"]}
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array(shapes, dtype=object)),
        [np.array(values, dtype=object) for values in columns.values()],
        np.array(list(columns)),
        geometry_type="Polygon",
        crs=crs,
        layer=layer,
        append=append,
        encoding=encoding,
        driver={".kml": "LIBKML", ".gdb": "OpenFileGDB"}.get(path.suffix),
    )
    return path


def zipped(path: Path, *files: Path, names: dict[str, str] | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.writestr(zipfile.ZipInfo((names or {}).get(file.name, file.name)), file.read_bytes())
    return path


def read(*parts: Part | Path, **how):
    listed = [Part("county", one) if isinstance(one, Path) else one for one in parts]
    return read_borders(Plan(listed, **how))


def names(*parts: Part | Path, **how) -> list[str]:
    return [cell.name for cell in read(*parts, **how).cells]


def refusal(*parts: Part | Path, **how) -> BadInput:
    with pytest.raises(BadInput) as refused:
        read(*parts, **how)
    return refused.value


@pytest.mark.parametrize("encoding", ["UTF-8", "GBK"])
@pytest.mark.parametrize("has_cpg", [True, False])
def test_a_shapefile_is_read_in_its_encoding_whether_or_not_it_says_which(tmp_path, encoding, has_cpg):
    shp = written(tmp_path / "县.shp", encoding=encoding)
    (tmp_path / "县.cpg").unlink(missing_ok=True)
    if has_cpg:
        (tmp_path / "县.cpg").write_text(encoding)
    assert names(shp) == ["甲县", "乙县"]


def test_a_cpg_that_lies_is_overruled_and_that_is_said(tmp_path):
    shp = written(tmp_path / "c.shp", encoding="GBK")
    (tmp_path / "c.cpg").write_text("UTF-8")
    done = read(shp)
    assert [cell.name for cell in done.cells] == ["甲县", "乙县"]
    assert "gb18030" in done.notes[0]


def test_a_shapefile_without_its_table_says_what_is_missing(tmp_path):
    shp = written(tmp_path / "c.shp")
    (tmp_path / "c.dbf").unlink()
    assert ".dbf" in refusal(shp).message


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".kml"])
def test_the_other_formats_read_alike(tmp_path, suffix):
    path = written(tmp_path / f"c{suffix}", crs="EPSG:4326")
    cells = read(path).cells
    assert [(cell.code, cell.name) for cell in cells] == [("210590", "甲县"), ("210591", "乙县")]
    assert cells[0].geometry.equals(WEST)


def test_a_zipped_shapefile_with_chinese_names_is_read(tmp_path):
    written(tmp_path / "县界.shp", encoding="GBK")
    archive = zipped(tmp_path / "b.zip", *tmp_path.glob("县界.*"))
    assert names(archive) == ["甲县", "乙县"]


def test_of_several_layers_one_is_named_or_is_called_like_the_level(tmp_path):
    path = written(tmp_path / "b.gpkg", layer="county")
    written(path, layer="xiang", append=True, code=["210590001"], name=["乡"], shapes=[WEST])
    assert names(path) == ["甲县", "乙县"]
    assert names(Part("township", path, "xiang")) == ["乡"]
    assert "xiang" in refusal(Part("township", path)).message
    assert refusal(Part("county", path, "省")).code == "unknown_layer"


def test_one_file_with_a_level_column_gives_every_level(tmp_path):
    path = written(
        tmp_path / "all.gpkg",
        JB=["乡镇", "区县", "区县", "省"],
        code=["210590001", "210590", "210591", "21"],
        name=["乡", "甲县", "乙县", "省"],
        county=["210590", "210590", "", ""],
        shapes=[WEST, WEST, EAST, shapely.union(WEST, EAST)],
    )
    done = read(Part("*", path), mapping={"level": "JB"}, level_words={"省": "skip"})
    assert [(cell.level, cell.code, dict(cell.claims)) for cell in done.cells] == [
        ("county", "210590", {}),
        ("county", "210591", {}),
        ("township", "210590001", {"county": "210590"}),
    ]
    assert done.skipped == 1


def test_a_level_that_nobody_knows_is_told_with_feature_code_and_value(tmp_path):
    path = written(tmp_path / "all.gpkg", level=["区县", "片区"], code=["210590", "9"], name=["甲县", "片"])
    error = refusal(Part("*", path))
    assert error.code == "unknown_level_value"
    assert (error.details["feature"], error.details["cell_code"], error.details["value"]) == (2, "9", "片区")
    assert "--level-value 片区=" in error.message


def test_without_a_level_column_one_file_cannot_be_all_levels(tmp_path):
    assert refusal(Part("*", written(tmp_path / "a.gpkg"))).code == "missing_column"


def test_every_fault_of_every_file_is_told_at_once(tmp_path):
    bow = {"type": "Polygon", "coordinates": [[[123, 41], [124, 42], [124, 41], [123, 42], [123, 41]]]}
    county = write(
        tmp_path / "c.geojson", feature(bow, code="1", name="甲"), feature(box(0, 0, 999, 1), code="2", name="乙")
    )
    town = write(tmp_path / "t.geojson", feature(box(123, 41, 124, 42), code="?", name="乡"))
    error = refusal(Part("township", town), Part("county", county))
    assert [(one["code"], one["feature"], one["cell_code"]) for one in error.details["problems"]] == [
        ("malformed_geometry", 1, "1"),
        ("not_degrees", 2, "2"),
        ("bad_code", 1, "?"),
    ]
    assert error.details["problem_count"] == 3


def test_a_repaired_copy_is_proposed_and_used_only_when_accepted(tmp_path):
    spike = [[123, 41], [124, 41], [124, 42], [123, 42], [123, 41.5], [122.9, 41.6], [123, 41.5], [123, 41]]
    path = write(tmp_path / "c.geojson", feature({"type": "Polygon", "coordinates": [spike]}, code="1", name="甲"))
    assert refusal(path).details["problems"][0]["repairable"] is True
    done = read(path, accept_repairs=True)
    (repair,) = done.repairs
    assert (repair["feature"], repair["code"]) == (1, "1")
    assert done.cells[0].geometry.is_valid
    assert repair["area_after_m2"] == pytest.approx(repair["area_before_m2"], rel=1e-6)


@pytest.mark.parametrize(
    ("crs_of_file", "prefix"), [("EPSG:4550", 0), ("EPSG:4550", 41), ("EPSG:4529", 0), ("EPSG:4529", 41)]
)
def test_gauss_krueger_eastings_are_read_with_and_without_the_zone_number(tmp_path, crs_of_file, prefix):
    import pyproj

    there = pyproj.Transformer.from_crs("EPSG:4490", "EPSG:4550", always_xy=True)
    shift = np.array([prefix * 1e6, 0])
    moved = shapely.transform(
        np.array([WEST, EAST]), lambda at: np.column_stack(there.transform(at[:, 0], at[:, 1])) + shift
    )
    said = read(written(tmp_path / "c.gpkg", crs=crs_of_file, shapes=moved)).cells
    bare = written(tmp_path / "c.geojson", shapes=moved, crs=crs_of_file)
    bare.write_text(json.dumps({**json.loads(bare.read_text()), "crs": None}))
    declared = read(bare, crs=crs_of_file).cells
    for cells in (said, declared):
        assert cells[0].geometry.equals_exact(WEST, 1e-8)
        assert cells[1].geometry.equals_exact(EAST, 1e-8)


def test_eastings_of_another_zone_are_refused(tmp_path):
    far = [shapely.box(38_400_000, 4_560_000, 38_410_000, 4_570_000)]
    path = written(tmp_path / "c.gpkg", crs="EPSG:4550", shapes=far, code=["1"], name=["县"])
    error = refusal(path)
    assert error.code == "wrong_zone"
    assert "114°" in error.message


def test_metres_without_a_crs_are_refused_with_what_they_look_like(tmp_path):
    path = written(
        tmp_path / "c.shp",
        crs="EPSG:4529",
        shapes=[shapely.box(41_558_000, 4_560_000, 41_568_000, 4_570_000)],
        code=["210590"],
        name=["甲县"],
    )
    (tmp_path / "c.prj").unlink()
    error = refusal(path)
    assert (error.code, error.details["feature"], error.details["cell_code"]) == ("not_degrees", 1, "210590")
    assert "EPSG:4529" in error.message
    assert error.details["place"].startswith("41568000,")


def test_a_file_that_claims_4326_and_holds_metres_is_refused_and_can_be_put_right_by_declaring(tmp_path):
    path = written(
        tmp_path / "c.gpkg",
        crs="EPSG:4326",
        shapes=[shapely.box(41_558_000, 4_560_000, 41_568_000, 4_570_000)],
        code=["210590"],
        name=["甲县"],
    )
    assert refusal(path).code == "not_degrees"
    assert 123 < read(path, crs="EPSG:4529").cells[0].geometry.bounds[0] < 124


def test_a_declared_crs_that_contradicts_the_file_is_refused(tmp_path):
    path = written(
        tmp_path / "c.gpkg", crs="EPSG:4550", shapes=[shapely.box(5e5, 4.5e6, 5.1e5, 4.6e6)], code=["1"], name=["县"]
    )
    error = refusal(path, crs="EPSG:4547")
    assert error.code == "unknown_crs"
    assert "两者不同" in error.message
    assert refusal(path, crs="EPSG:999999").code == "unknown_crs"
    assert refusal(path, datum="gcj02").code == "unknown_crs"


def test_an_archive_that_leads_out_of_its_folder_is_refused_and_writes_nothing_there(tmp_path):
    county = two_counties(tmp_path)
    inner = tmp_path / "inner"
    inner.mkdir()
    for name in ("../out.geojson", "/out.geojson", "a/../../out.geojson", "..\\out.geojson", "c:\\out.geojson"):
        archive = zipped(inner / "b.zip", county, names={county.name: name})
        assert refusal(archive).code == "unsafe_archive", name
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["b.zip", "county.geojson", "inner"]


def test_a_zip_bomb_is_refused_before_it_is_unpacked_and_a_lying_one_while_it_is(tmp_path, monkeypatch):
    bomb = tmp_path / "b.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.geojson", b" " * (60 * 1024 * 1024))
    assert refusal(bomb).code == "bomb"
    monkeypatch.setattr(unpacking, "check_members", lambda *about: None)
    monkeypatch.setattr(unpacking, "MOST_UNPACKED_BYTES", 1024 * 1024)
    assert refusal(bomb).code == "bomb"


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut"])
def test_a_damaged_archive_is_refused(tmp_path, content):
    (tmp_path / "b.zip").write_bytes(content)
    assert refusal(tmp_path / "b.zip").code == "unreadable"


def test_an_archive_without_borders_is_refused(tmp_path):
    (tmp_path / "read.txt").write_text("hello")
    assert refusal(zipped(tmp_path / "b.zip", tmp_path / "read.txt")).code == "empty_archive"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.kml", '<OGRVRTDataSource><!--<kml--><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource>'),
        ("a.geojson", '{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read /etc/passwd"}'),
        ("a.gpkg", "<OGRVRTDataSource></OGRVRTDataSource>"),
        ("a.shp", "{}"),
    ],
)
def test_a_description_of_another_file_is_never_followed(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    if name.endswith(".shp"):
        for suffix in (".dbf", ".shx"):
            (tmp_path / f"a{suffix}").write_bytes(b"")
    assert refusal(tmp_path / name, only_known=True).code == "unreadable"


def test_from_the_page_only_known_kinds_are_taken(tmp_path):
    (tmp_path / "a.vrt").write_text("<OGRVRTDataSource/>")
    assert refusal(tmp_path / "a.vrt", only_known=True).code == "unknown_kind"


def test_the_columns_of_the_last_time_are_used_and_that_is_said(tmp_path):
    path = written(tmp_path / "c.gpkg", dm=["210590", "210591"], mc=["甲县", "乙县"])
    done = read(path, recall=lambda columns: {"code": "dm", "name": "mc"} if "dm" in columns else {})
    assert [cell.code for cell in done.cells] == ["210590", "210591"]
    assert "按上次" in done.notes[0]
    assert next(iter(done.columns.values())) == {"code": "dm", "name": "mc"}


def test_kmz_is_a_zip_with_a_kml(tmp_path):
    kml = written(tmp_path / "doc.kml", crs="EPSG:4326")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.write(kml, "doc.kml")
    (tmp_path / "c.kmz").write_bytes(content.getvalue())
    assert names(tmp_path / "c.kmz") == ["甲县", "乙县"]
