"""Layers open elsewhere with their shapes, their words and their numbers; a file is there whole or not at all."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely
from django.core.management import load_command_class
from pandas.api.types import is_float_dtype, is_integer_dtype

from core.errors import BadInput
from grids.editions.vector_files import FORMATS, SUFFIX_WORDS, file_content, layer_frame, write_features

ROOT = Path(__file__).resolve().parents[2]
ONE = shapely.box(123.7, 41.2, 123.8, 41.3)
TWO = shapely.MultiPolygon([ONE, shapely.box(123.9, 41.2, 124.0, 41.3)])
every_format = pytest.mark.parametrize("suffix", FORMATS)


def places() -> geopandas.GeoDataFrame:
    columns = {"name": ["演示“林”", None, "三"], "mu": [1.5, None, 3], "rows": [7, None, np.int64(9)], "id": [1, 2, 3]}
    return layer_frame(columns, [ONE, TWO, ONE])


def read(path: Path) -> geopandas.GeoDataFrame:
    if path.suffix == ".parquet":
        return geopandas.read_parquet(path)
    return geopandas.read_file(path, layer=pyogrio.list_layers(path)[0, 0])


@every_format
def test_words_numbers_gaps_and_shapes_come_back_from_every_format(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"图层{suffix}"
    assert write_features({"places": places(), "more": places()}, out)["places"] == 3
    frame = read(out)
    frame = frame.set_index("id").sort_index()  # FlatGeobuf keeps them by place
    assert frame["name"].tolist() == ["演示“林”", "", "三"]
    assert is_float_dtype(frame["mu"])
    assert frame["mu"].isna().tolist() == frame["rows"].isna().tolist() == [False, True, False]
    assert frame["mu"].dropna().tolist() == [1.5, 3]
    assert frame["rows"].dropna().tolist() == [7, 9]
    assert is_integer_dtype(frame.index)
    assert frame.crs.to_epsg() == 4326
    assert shapely.equals(frame.geometry.to_numpy(), [ONE, TWO, ONE]).all()
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


@every_format
def test_a_format_of_one_layer_holds_the_first_that_is_not_empty(tmp_path: Path, suffix: str) -> None:
    layers = {"none": layer_frame({}, []), "first": places(), "second": places()[:1]}
    expected = {"first": 3, "second": 1} if FORMATS[suffix].has_layers else {"first": 3}
    assert write_features(layers, tmp_path / f"a{suffix}") == expected
    assert len(read(tmp_path / f"a{suffix}")) == 3


@pytest.mark.parametrize("suffix", [".gpkg", ".fgb"])
def test_polygons_beside_multipolygons_are_one_layer_of_multipolygons(tmp_path: Path, suffix: str) -> None:
    write_features({"places": places()}, tmp_path / f"a{suffix}")
    assert pyogrio.list_layers(tmp_path / f"a{suffix}").tolist() == [["places", "MultiPolygon"]]


@every_format
def test_points_beside_polygons_are_written_too(tmp_path: Path, suffix: str) -> None:
    frame = layer_frame({"id": [1, 2]}, [shapely.Point(123.7, 41.2), ONE])
    write_features({"mixed": frame}, tmp_path / f"a{suffix}")
    assert set(read(tmp_path / f"a{suffix}").geom_type) == {"Point", "Polygon"}


def test_a_geopackage_is_one_that_an_older_qgis_opens_without_a_warning(tmp_path: Path) -> None:
    write_features({"places": places(), "more": places()}, tmp_path / "a.gpkg")
    with closing(sqlite3.connect(tmp_path / "a.gpkg")) as file:
        assert file.execute("PRAGMA user_version").fetchone() == (10200,)


@contextmanager
def disk_that_is_full() -> Iterator[None]:
    """No file may grow beyond a kilobyte; the system says so as it does of a full disk, in the midst of writing."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@every_format
def test_a_disk_that_fills_up_is_a_refusal_and_leaves_the_file_before_as_it_was(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"a{suffix}"
    out.write_bytes(b"before")
    many = layer_frame({"name": ["演示"] * 5000}, [ONE] * 5000)
    with disk_that_is_full(), pytest.raises(BadInput, match="写不进"):
        write_features({"places": many}, out)
    assert out.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [out]


def test_a_suffix_in_capitals_is_the_same_and_another_one_is_refused_with_those_there_are(tmp_path: Path) -> None:
    assert write_features({"places": places()}, tmp_path / "A.GPKG") == {"places": 3}
    for name in ("a.shp", "a", "a.parquet.txt"):
        with pytest.raises(BadInput) as refused:
            write_features({"places": places()}, tmp_path / name)
        assert all(suffix in refused.value.message for suffix in FORMATS)
    with pytest.raises(BadInput, match="parquet"):
        file_content(".shp", lambda out: None)
    assert [path.name for path in tmp_path.iterdir()] == ["A.GPKG"]


@pytest.mark.parametrize(("app", "command"), [("grids", "grid"), ("firepoints", "point")])
def test_commands_and_their_page_name_the_formats_that_there_are(app: str, command: str) -> None:
    parser = load_command_class(app, command).create_parser("manage.py", command)
    (verbs,) = (
        action for action in parser._actions if hasattr(action, "choices") and "export" in (action.choices or ())
    )
    assert SUFFIX_WORDS in next(one.help for one in verbs._choices_actions if one.dest == "export")
    page = (ROOT / "docs/commands.md").read_text("utf-8")
    assert [form.label for suffix, form in FORMATS.items() if f"{form.label} (`{suffix}`" not in page] == []
