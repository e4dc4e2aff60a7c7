"""The engines that are compared, each in its best form: what is in memory before the clock starts, and what is counted.

An engine is made from the folder of a world (`cells.parquet`: position and WKB) outside the clock; `points` puts points
into its own form, outside the clock; `ready` (index, preparation) is counted in the first call; `locate` always.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

Array = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int32]


class Engine(Protocol):
    """A way to answer which cell each point is in."""

    def __init__(self, folder: Path) -> None: ...

    def points(self, x: Array, y: Array) -> Any:
        """The points as the engine takes them."""

    def ready(self) -> None:
        """Whatever it does once before its first answer."""

    def locate(self, points: Any) -> Any:
        """The answer in the engine's own form."""

    def positions(self, answer: Any, size: int) -> Positions:
        """The answer as a position for each point, −1 for none; the lowest code of several."""


def _cells(folder: Path) -> pa.Table:
    return pq.read_table(folder / "cells.parquet")


def _lowest(point: Any, cell: Any, size: int, folder: Path) -> Positions:
    rank = np.load(folder / "rank.npy")
    found = np.full(size, -1, dtype=np.int32)
    point, cell = np.asarray(point, dtype=np.int64), np.asarray(cell, dtype=np.int64)
    order = np.argsort(-rank[cell], kind="stable")
    found[point[order]] = cell[order]
    return found


class Ours:
    """The index of this project, mapped from its file."""

    def __init__(self, folder: Path) -> None:
        from grids.geo.locator import Locator

        self.open = lambda: Locator.open(folder / "index")

    def points(self, x: Array, y: Array) -> Any:
        return x, y

    def ready(self) -> None:
        self.locator = self.open()

    def locate(self, points: Any) -> Any:
        return self.locator.locate(*points)

    def positions(self, answer: Any, size: int) -> Positions:
        return np.asarray(answer, dtype=np.int32)


class Shapely:
    """STRtree candidates, then prepared polygons: the reference for what is right."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cells = shapely.from_wkb(_cells(folder)["wkb"].to_numpy(zero_copy_only=False))

    def points(self, x: Array, y: Array) -> Any:
        return shapely.points(x, y), x, y

    def ready(self) -> None:
        self.tree = shapely.STRtree(self.cells)
        shapely.prepare(self.cells)

    def locate(self, points: Any) -> Any:
        geometries, x, y = points
        point, cell = self.tree.query(geometries)
        covers = shapely.intersects_xy(self.cells[cell], x[point], y[point])
        return point[covers], cell[covers]

    def positions(self, answer: Any, size: int) -> Positions:
        return _lowest(*answer, size, self.folder)


class Geopandas:
    """`geopandas.sjoin`, as most people would do it."""

    def __init__(self, folder: Path) -> None:
        import geopandas

        self.folder, self.geopandas = folder, geopandas
        cells = shapely.from_wkb(_cells(folder)["wkb"].to_numpy(zero_copy_only=False))
        self.cells = geopandas.GeoDataFrame(geometry=cells)

    def points(self, x: Array, y: Array) -> Any:
        return self.geopandas.GeoDataFrame(geometry=shapely.points(x, y))

    def ready(self) -> None:
        return

    def locate(self, points: Any) -> Any:
        return self.geopandas.sjoin(points, self.cells, predicate="intersects")

    def positions(self, answer: Any, size: int) -> Positions:
        return _lowest(answer.index.to_numpy(), answer["index_right"].to_numpy(), size, self.folder)


class DuckDB:
    """DuckDB with its spatial join; the answer stays a table, which is three times faster than fetching it."""

    JOIN = """CREATE OR REPLACE TABLE answer AS
              SELECT p.i, c.position FROM points p JOIN cells c ON ST_Intersects(c.geom, p.geom)"""

    def __init__(self, folder: Path) -> None:
        import duckdb

        self.folder = folder
        extensions = resources.files("duckdb_extension_spatial") / "extensions"
        (extension,) = Path(str(extensions)).rglob("spatial.duckdb_extension")
        self.db = duckdb.connect()
        self.db.execute(f"LOAD '{extension}'")
        self.db.register("given", _cells(folder))
        self.db.execute("CREATE TABLE cells AS SELECT position, ST_GeomFromWKB(wkb) AS geom FROM given")

    def points(self, x: Array, y: Array) -> Any:
        self.db.register("raw", pa.table({"i": np.arange(x.size), "x": x, "y": y}))
        self.db.execute("CREATE OR REPLACE TABLE points AS SELECT i, ST_Point(x, y) AS geom FROM raw")

    def ready(self) -> None:
        return

    def locate(self, points: Any) -> Any:
        self.db.execute(self.JOIN)

    def positions(self, answer: Any, size: int) -> Positions:
        found = self.db.execute("SELECT i, position FROM answer").fetchnumpy()
        return _lowest(found["i"], found["position"], size, self.folder)


class SedonaDB:
    """SedonaDB with its spatial join, cells and points as tables in memory."""

    JOIN = "SELECT p.i, c.position FROM points p JOIN cells c ON ST_Intersects(c.geom, p.geom)"

    def __init__(self, folder: Path) -> None:
        import sedonadb

        self.folder = folder
        self.db = sedonadb.connect()
        self._view("given", _cells(folder))
        self.db.sql("SELECT position, ST_GeomFromWKB(wkb) AS geom FROM given").to_memtable().to_view(
            "cells", overwrite=True
        )

    def _view(self, name: str, table: pa.Table) -> None:
        self.db.create_data_frame(table).to_view(name, overwrite=True)

    def points(self, x: Array, y: Array) -> Any:
        self._view("raw", pa.table({"i": np.arange(x.size), "x": x, "y": y}))
        self.db.sql("SELECT i, ST_Point(x, y) AS geom FROM raw").to_memtable().to_view("points", overwrite=True)

    def ready(self) -> None:
        return

    def locate(self, points: Any) -> Any:
        return pa.RecordBatchReader.from_stream(self.db.sql(self.JOIN)).read_all()

    def positions(self, answer: Any, size: int) -> Positions:
        return _lowest(answer["i"].to_numpy(), answer["position"].to_numpy(), size, self.folder)


ENGINES: dict[str, type[Engine]] = {
    "ours": Ours,
    "shapely": Shapely,
    "geopandas": Geopandas,
    "duckdb": DuckDB,
    "sedonadb": SedonaDB,
}
