"""Files from outside meet GDAL in a child process alone: what never ends is ended, what would call out stays silent."""

import ast
import json
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from papers.encodings import FileError
from papers.layers import door

ROOT = Path(__file__).resolve().parents[3]
BOX = shapely.box(123.7, 41.2, 123.8, 41.4)


def geopackage(path: Path, *statements: str) -> Path:
    """A GeoPackage of one county as GDAL writes it, after further statements of SQL."""
    pyogrio.raw.write(
        path, shapely.to_wkb(np.array([BOX], dtype=object)), [np.array(["210590"], dtype=object)], np.array(["code"]),
        geometry_type="Polygon", crs="EPSG:4490", layer="county",
    )  # fmt: skip
    with sqlite3.connect(path) as database:
        for statement in statements:
            database.execute(statement)
    return path


ENDLESS = (
    "CREATE VIEW endless AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) "
    "SELECT n AS fid, NULL AS geom, n AS code FROM r",
    "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('endless', 'features', 'e', 4490)",
    "INSERT INTO gpkg_geometry_columns VALUES ('endless', 'geom', 'POLYGON', 4490, 0, 0)",
)


def refusal(path: Path, **how: object) -> FileError:
    with pytest.raises(FileError) as refused:
        door.layers_of(path, **how)
    return refused.value


def test_a_geopackage_as_gdal_writes_it_is_read_with_its_triggers(tmp_path):
    path = geopackage(tmp_path / "c.gpkg")
    read = door.read_layer(path)
    assert door.layers_of(path) == ["county"]
    assert read.columns["code"].tolist() == ["210590"]
    assert shapely.from_wkb(read.wkb[0]).equals(BOX)
    assert read.features == 1


@pytest.mark.parametrize(
    ("statements", "word"),
    [
        (ENDLESS, "视图"),
        (("CREATE TRIGGER mine AFTER INSERT ON county BEGIN DELETE FROM county; END",), "触发器"),
        (("CREATE VIRTUAL TABLE words USING fts5(code)",), "虚拟表"),
    ],
)
def test_what_would_act_when_it_is_read_is_refused_before_gdal_opens_it(tmp_path, statements, word):
    begun = time.monotonic()
    error = refusal(geopackage(tmp_path / "c.gpkg", *statements))
    assert error.code == "active_content"
    assert word in error.what
    assert "GeoPackage" in error.todo or "GeoPackage" in error.what
    assert time.monotonic() - begun < 20


def test_a_file_that_never_ends_is_ended_and_said_while_other_work_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(door, "_START", "import time; time.sleep(600)")
    ticks: list[float] = []
    begun = time.monotonic()
    opening = door.Opening(wait_s=2, meanwhile=lambda: ticks.append(time.monotonic()))
    error = refusal(geopackage(tmp_path / "c.gpkg"), opening=opening)
    assert (error.code, "2 秒" in error.what) == ("endless", True)
    assert time.monotonic() - begun < 10
    assert len(ticks) >= 2


def test_a_reader_that_is_killed_or_runs_out_of_memory_is_told_as_such(tmp_path, monkeypatch):
    path = geopackage(tmp_path / "c.gpkg")
    monkeypatch.setattr(door, "_START", "import os; os.kill(os.getpid(), 9)")
    assert refusal(path).code == "too_large"
    monkeypatch.undo()
    big = tmp_path / "c.geojson"
    big.write_text(
        '{"type": "FeatureCollection", "crs": {"type": "link"}, "features": [' + "[[1]]," * 2_000_000 + "1]}"
    )
    assert refusal(big, opening=door.Opening(memory_bytes=450_000_000)).code == "too_large"


@contextmanager
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A port of this machine, and what was sent to it."""
    requests: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.2)
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(1)
                requests.append(connection.recv(1000))
                connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n+proj=longlat +datum=WGS84 +no_defs")

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1], requests
    finally:
        over.set()
        thread.join()
        server.close()


@pytest.mark.parametrize("key", ["crs", "\\u0063rs", "c\\u0072\\u0073"])
@pytest.mark.parametrize("kind", ["link", "url", "name"])
def test_an_address_in_a_geojson_is_not_asked_and_that_is_said(tmp_path, key, kind):
    with listener() as (port, requests):
        address = f"http://127.0.0.1:{port}/internal"
        crs = {"type": kind, "properties": {"href": address, "name": address, "url": address, "type": "proj4"}}
        features = [{"type": "Feature", "properties": {"code": "1"}, "geometry": json.loads(shapely.to_geojson(BOX))}]
        path = tmp_path / "c.geojson"
        path.write_text(
            f'{{"type": "FeatureCollection", "{key}": {json.dumps(crs)}, "features": {json.dumps(features)}}}'
        )
        read = door.read_layer(path)
    assert requests == []
    assert read.crs == "EPSG:4326"
    assert "crs" in read.notes[0]
    assert shapely.from_wkb(read.wkb[0]).equals(BOX)


def test_a_crs_that_is_a_name_is_read_as_before(tmp_path):
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    feature = {"type": "Feature", "properties": {"crs": {"a": 1}}, "geometry": json.loads(shapely.to_geojson(BOX))}
    path = tmp_path / "c.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}))
    assert door.read_layer(path).crs == "EPSG:4490"


def test_the_child_gets_nothing_of_the_environment_but_a_proxy_that_leads_nowhere(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    environment = door._environment()
    assert "secret" not in str(environment)
    assert environment["http_proxy"] == environment["GDAL_HTTP_PROXY"] == "http://127.0.0.1:9"
    assert environment["PROJ_NETWORK"] == "OFF"


READING = {"read_dataframe", "read_arrow", "open_arrow", "read_info", "read_bounds", "list_layers", "read_file"}
APPS = ("core", "journal", "papers", "grids", "firepoints", "penalties", "demo", "config")


def test_nothing_but_the_child_behind_the_door_reads_with_gdal():
    readers = set()
    for path in (file for app in APPS for file in (ROOT / app).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if not any(word in text for word in ("pyogrio", "geopandas", "osgeo", "fiona")):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
                owner = ast.unparse(node.value)
                is_gdal = owner.split(".")[0] in ("pyogrio", "geopandas", "fiona", "ogr", "gdal")
                if is_gdal and (node.attr in READING or (owner.endswith(".raw") and node.attr == "read")):
                    readers.add(path.relative_to(ROOT).as_posix())
    assert readers == {"papers/layers/child.py"}
