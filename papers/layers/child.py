"""The child process of `door`: shuts itself in, opens one file, writes what it read, and ends.

It runs without settings, database or network. Its answer is a JSON of facts (`answer.json`) and an Arrow file of the rows
(`rows.arrow`) in the folder that it was given.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from papers.encodings import FileError
from papers.layers import geojson, kinds, kml, sqlite_content

_NEWUSER, _NEWNET = 0x10000000, 0x40000000
_DEATH_SIGNAL, _NO_NEW_PRIVILEGES = 1, 38


class _Without:
    """A finder that keeps out what pyogrio and pyarrow would import if they could, and nothing here needs."""

    NAMES = frozenset({"geopandas", "pandas", "pyproj"})

    @classmethod
    def find_spec(cls, name: str, path: object = None, target: object = None) -> None:
        if name in cls.NAMES:
            raise ModuleNotFoundError(name=name)


def main(order_text: str) -> None:
    """Read as the order says; what goes wrong is an answer too, but for what ends the process itself."""
    order = json.loads(order_text)
    folder = Path(order["folder"])
    shut_in(order["limits"])
    try:
        answer = _answer(order, Path(order["path"]), folder)
    except FileError as error:
        answer = {"error": f"{error.what}。{error.todo}" if error.todo else error.what, "code": error.code}
    except MemoryError:
        return  # the door says what a missing answer means
    except Exception as error:  # GDAL raises nearly anything on hostile bytes
        answer = {"error": str(error)[:1000], "code": "unreadable"}
    draft = folder / "answer.part"
    draft.write_text(json.dumps(answer, ensure_ascii=True), encoding="utf-8")
    draft.replace(folder / "answer.json")


def shut_in(limits: Mapping[str, int]) -> None:
    """Limits that the kernel holds, and no network where it lets a process leave it."""
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu_s"], limits["cpu_s"]))
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["result"], limits["result"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "prctl"):
        return
    # Whoever ends the parent ends the child: nobody is there any more to end it when its time is up.
    libc.prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != limits["parent"]:
        sys.exit(1)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if libc.unshare(_NEWNET) != 0:
        libc.unshare(_NEWUSER | _NEWNET)


def _answer(order: Mapping[str, Any], path: Path, folder: Path) -> dict[str, Any]:
    notes: list[str] = []
    if order["kind"] == kinds.KML:
        return _kml_answer(order, path, folder)
    if order["kind"] == kinds.GEOPACKAGE:
        sqlite_content.refuse_active(path)
    if order["kind"] == kinds.JSON:
        path, notes = geojson.without_links(path, folder)
    pyogrio = _gdal(kinds.DRIVERS[order["kind"]])
    if order["act"] == "list":
        listed = pyogrio.list_layers(path).tolist()
        return {"layers": [str(layer) for layer, shape in listed if shape is not None]}
    how = {"layer": order["layer"], "encoding": order["encoding"]}
    meta, _, wkb, columns = pyogrio.raw.read(path, max_features=order["most_rows"], **how)
    features = len(wkb) if wkb is not None else 0
    if order["most_rows"]:
        features = pyogrio.read_info(path, force_feature_count=True, **how)["features"]
    fields = [str(name) for name in meta["fields"]]
    _write_rows(folder, columns, wkb)
    return {
        "fields": fields,
        "drawn": wkb is not None,
        "crs": meta.get("crs"),
        "features": int(features),
        "notes": notes,
    }


def _kml_answer(order: Mapping[str, Any], path: Path, folder: Path) -> dict[str, Any]:
    if order["act"] == "list":
        return {"layers": [path.stem]}
    read = kml.read(path)
    rows = read.rows[: order["most_rows"]] if order["most_rows"] else read.rows
    _write_rows(folder, [[row.values.get(name) for row in rows] for name in read.fields], [row.wkb for row in rows])
    facts = {"fields": read.fields, "drawn": True, "crs": "EPSG:4326", "notes": read.notes}
    return {**facts, "features": len(read.rows)}


def _gdal(drivers: Sequence[str]) -> Any:
    """pyogrio with these drivers and no other."""
    sys.meta_path.insert(0, _Without)
    import pyogrio
    from pyogrio.core import _register_drivers

    others = [name for name in pyogrio.list_drivers() if name not in drivers]
    pyogrio.set_gdal_config_options({"GDAL_SKIP": ",".join(others)})
    _register_drivers()  # GDAL leaves out what GDAL_SKIP names only when it registers
    if set(pyogrio.list_drivers()) - set(drivers):
        raise FileError("GDAL 的驱动没有按要求关闭", code="unreadable")
    return pyogrio


def _write_rows(folder: Path, columns: Sequence[Any], wkb: Any) -> None:
    import pyarrow as pa

    arrays = [_column(values) for values in columns]
    names = [f"f{at}" for at in range(len(arrays))]
    if wkb is not None:
        arrays.append(pa.array([None if shape is None else bytes(shape) for shape in wkb], pa.large_binary()))
        names.append("wkb")
    table = pa.Table.from_arrays(arrays, names=names)
    with pa.OSFile(str(folder / "rows.arrow"), "wb") as out, pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)


def _column(values: Any) -> Any:
    """An Arrow array of numbers, truths or moments as they are; anything else as text."""
    import pyarrow as pa

    kind = getattr(getattr(values, "dtype", None), "kind", "O")
    if kind in "iufbM":
        return pa.array(values)
    # NaN is the only value that differs from itself: GDAL's sign for an empty cell.
    return pa.array([None if value is None or value != value else str(value) for value in values], pa.large_string())
