"""Borders as surveyors and map programs hand them over: KML with Chinese fields, FileGDB, Web Mercator, exclaves."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import shapely

from core.errors import BadInput
from grids.editions.columns import KNOWN
from grids.editions.files import Part, Plan, read_borders
from grids.editions.loading import edition_load
from grids.models import Cell
from journal.models import Entry
from tests.grids.files import box, feature, write
from tests.grids.test_edition_formats import EAST, WEST, names, read, refusal, written

RING = "<coordinates>123.7,41.2,0 123.8,41.2,0 123.8,41.4,0 123.7,41.4,0 123.7,41.2,0</coordinates>"
POLYGON = f"<Polygon><outerBoundaryIs><LinearRing>{RING}</LinearRing></outerBoundaryIs></Polygon>"


def kml(folder: Path, *inside: str) -> Path:
    marks = "".join(f"<Placemark>{text}{POLYGON}</Placemark>" for text in inside)
    path = folder / "c.kml"
    path.write_text(f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder>{marks}</Folder></Document></kml>')
    return path


def data(**values: str) -> str:
    fields = "".join(f'<Data name="{name}"><value>{value}</value></Data>' for name, value in values.items())
    return f"<ExtendedData>{fields}</ExtendedData>"


def simple(**values: str) -> str:
    fields = "".join(f'<SimpleData name="{name}">{value}</SimpleData>' for name, value in values.items())
    return f'<ExtendedData><SchemaData schemaUrl="#x">{fields}</SchemaData></ExtendedData>'


@pytest.mark.parametrize(
    "inside",
    [
        "<name>平山区</name>" + data(代码="210502"),
        simple(代码="210502", 名称="平山区"),
        "<name></name>" + data(代码="210502", 名称="平山区"),
        "<name> </name><description></description>" + data(行政区划代码="210502", 行政区划名称="平山区"),
        simple(PAC="210502", NAME="平山区"),
        "<description><![CDATA[<table><tr><td>XZQDM</td><td>210502</td></tr>"
        "<tr><td>XZQMC</td><td>平山区</td></tr></table>]]></description>",
    ],
)
def test_a_kml_is_read_by_the_names_that_its_fields_have(tmp_path, inside):
    (cell,) = read(kml(tmp_path, inside)).cells
    assert (cell.code, cell.name) == ("210502", "平山区")
    assert cell.geometry.equals(WEST)


def test_a_kml_with_holes_and_parts_keeps_them(tmp_path):
    hole = POLYGON.replace(
        "</outerBoundaryIs>",
        "</outerBoundaryIs><innerBoundaryIs><LinearRing><coordinates>123.72,41.22 123.74,41.22 123.74,41.24 123.72,41.22"
        "</coordinates></LinearRing></innerBoundaryIs>",
    )
    far = POLYGON.replace("123.7,", "124.7,").replace("123.8,", "124.8,")
    path = kml(tmp_path, "<name>平山区</name>" + data(代码="210502"))
    path.write_text(path.read_text().replace(POLYGON, f"<MultiGeometry>{hole}{far}</MultiGeometry>"))
    (cell,) = read(path).cells
    assert cell.geometry.geom_type == "MultiPolygon"
    assert [len(part.interiors) for part in cell.geometry.geoms] == [1, 0]


def test_a_prefix_that_an_app_does_not_explain_is_no_fault_but_a_cut_file_is(tmp_path):
    path = kml(tmp_path, "<name>平山区</name><ov:Type>x</ov:Type>" + data(代码="210502"))
    assert names(path) == ["平山区"]
    assert names(path.rename(tmp_path / "c.ovkml")) == ["平山区"]
    cut = kml(tmp_path, "<name>平山区</name>" + data(代码="210502"))
    cut.write_text(cut.read_text()[:-30])
    assert refusal(cut).code == "unreadable"


def test_an_entity_in_a_kml_brings_in_no_other_file(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("KEPT-ELSEWHERE")
    path = kml(tmp_path, "<name>平山区&xxe;</name>" + data(代码="210502"))
    path.write_text(f'<!DOCTYPE kml [<!ENTITY xxe SYSTEM "{secret.as_uri()}">]>{path.read_text()}')
    (cell,) = read(path).cells
    assert cell.name.startswith("平山区")
    assert "KEPT" not in cell.name


@pytest.mark.parametrize("code", [name for name in KNOWN["code"] if name != "gb"])
def test_the_usual_headings_of_codes_are_known(tmp_path, code):
    path = written(tmp_path / "c.gpkg", **{code: ["210590", "210591"], "名称": ["甲县", "乙县"]})
    assert [cell.code for cell in read(path).cells] == ["210590", "210591"]


def test_a_unit_code_of_nineteen_digits_is_that_of_its_village(tmp_path):
    units = ["2105020010080000000", "2105020010090000000"]
    path = written(tmp_path / "c.gpkg", ZLDWDM=units, ZLDWMC=["甲村", "乙村"])
    assert [cell.code for cell in read(Part("village", path)).cells] == ["210502001008", "210502001009"]


def test_a_column_without_values_stands_back_for_one_that_has_them_unless_a_person_names_it(tmp_path):
    columns = {"code": ["", ""], "name": [None, None], "XZQDM": ["210590", "210591"], "XZQMC": ["甲县", "乙县"]}
    path = written(tmp_path / "c.gpkg", **columns)
    assert names(path) == ["甲县", "乙县"]
    assert names(path, mapping={"name": "name"}) == ["", ""]


def geodatabase(folder: Path) -> Path:
    path = written(folder / "界线.gdb", layer="county")
    return written(path, layer="township", append=True)


def test_a_filegdb_is_read_as_a_folder_and_as_a_zip_with_or_without_its_folder(tmp_path):
    path = geodatabase(tmp_path)
    assert names(path) == ["甲县", "乙县"]
    for root in ("界线.gdb/", "交付/界线.gdb/", ""):
        archive = tmp_path / f"{len(root)}.zip"
        with zipfile.ZipFile(archive, "w") as packed:
            for file in path.iterdir():
                packed.write(file, f"{root}{file.name}")
        assert names(archive) == ["甲县", "乙县"], root
        assert names(Part("county", archive, "township")) == ["甲县", "乙县"]


def test_a_folder_that_is_no_filegdb_is_named(tmp_path):
    assert "FileGDB" in refusal(tmp_path).message


def mercator() -> list[shapely.Geometry]:
    def project(at: np.ndarray) -> np.ndarray:
        lat = np.log(np.tan(np.pi / 4 + np.radians(at[:, 1]) / 2)) * 6_378_137
        return np.column_stack([np.radians(at[:, 0]) * 6_378_137, lat])

    return [shapely.transform(shape, project) for shape in (WEST, EAST)]


def test_web_mercator_is_refused_as_what_it_is(tmp_path):
    stated = refusal(written(tmp_path / "c.gpkg", crs="EPSG:3857", shapes=mercator()))
    bare = refusal(written(tmp_path / "d.gpkg", crs=None, shapes=mercator()))
    declared = refusal(written(tmp_path / "e.gpkg", crs=None, shapes=mercator()), crs="EPSG:3857")
    for error in (stated, bare, declared):
        assert "网络墨卡托" in error.message
        assert "CGCS2000" in error.message
        assert "六度带" not in error.message
    assert "东经 123.80" in bare.message


def exclaves(folder: Path, *boxes: tuple[float, float, float, float], called=("甲县", "甲县")) -> Path:
    pieces = [feature(box(*sides), code="210590", name=name) for sides, name in zip(boxes, called, strict=True)]
    return write(folder / "c.geojson", *pieces, feature(box(124.0, 41.2, 124.1, 41.4), code="210591", name="乙县"))


APART = ((123.7, 41.2, 123.8, 41.4), (123.9, 41.2, 123.95, 41.4))
OVER_EACH_OTHER = ((123.7, 41.2, 123.8, 41.4), (123.75, 41.2, 123.85, 41.4))


@pytest.mark.django_db
def test_exclaves_of_one_code_are_joined_by_a_persons_word_and_that_is_on_record(tmp_path, django_user_model):
    path = exclaves(tmp_path, *APART)
    actor = django_user_model.objects.create(username="clerk")
    with pytest.raises(BadInput) as refused:
        edition_load(name="甲", plan=Plan([Part("county", path)]), actor=actor)
    assert refused.value.code == "duplicate_code"
    assert "--join-parts" in refused.value.message
    loaded = edition_load(name="甲", plan=Plan([Part("county", path)], join_parts=True), actor=actor)
    cell = Cell.objects.get(edition=loaded.edition, code="210590")
    assert shapely.from_wkb(bytes(cell.geometry)).geom_type == "MultiPolygon"
    assert loaded.edition.cells.count() == 2
    (join,) = Entry.objects.get(act="grid.imported").after["repairs"]
    assert (join["code"], "2 块" in join["message"]) == ("210590", True)


@pytest.mark.parametrize(
    ("boxes", "called", "word"), [(APART, ("甲县", "丙县"), "名称"), (OVER_EACH_OTHER, ("甲县", "甲县"), "重叠")]
)
def test_pieces_that_differ_or_overlap_are_not_joined(tmp_path, boxes, called, word):
    with pytest.raises(BadInput) as refused:
        read_borders(Plan([Part("county", exclaves(tmp_path, *boxes, called=called))], join_parts=True))
    assert (refused.value.code, word in refused.value.message) == ("duplicate_code", True)
