"""FIRMS rows in other dress than a table of text: an order's zip, Shapefile, GeoPackage, KML, GeoJSON and the API's JSON.

Each becomes the CSV that it would be, so that one reader says what a row means. What is none of these is named for what it
is, with what to bring instead.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np
import shapely

from firepoints.sightings.readers.base import ParseOptions, SourceError
from papers.encodings import decode
from papers.layers import door, unpacking
from papers.layers.kinds import FLATGEOBUF, GEOPACKAGE, SHAPEFILE, is_kml

BRING: Final = "请导入 FIRMS 下载得到的 CSV、JSON、KML、整套 Shapefile，或它们的 zip 原件"
WHOLE_SET: Final = "请把同名的 .shp、.shx、.dbf、.prj 放进一个 zip 再导入，或改用 FIRMS 的 CSV"
TABLES: Final = (".csv", ".txt", ".xlsx", ".xls")
LAYERS: Final = (".shp", ".gpkg", ".fgb", ".kml", ".geojson", ".json")
SIDECARS: Final = (".shx", ".dbf", ".prj", ".cpg")
README: Final = re.compile(r"read.?me|licen[cs]e|说明", re.IGNORECASE)
OTHERS: Final = (
    (b"\x89HDF", "HDF5 或 NetCDF 产品"), (b"\x0e\x03\x13\x01", "HDF4 产品"), (b"CDF", "NetCDF 产品"), (b"%PDF-", "PDF"),
    (b"II*\x00", "GeoTIFF 图像"), (b"MM\x00*", "GeoTIFF 图像"), (b"\x1f\x8b", ".gz 压缩文件，请先解开"),
    (b"Rar!", "RAR 压缩包，请先解开"), (b"7z\xbc\xaf", "7z 压缩包，请先解开"), (b"BZh", ".bz2 压缩文件，请先解开"),
    (b"\x89PNG", "图片"), (b"\xff\xd8\xff", "图片"),
)  # fmt: skip
GEOGRAPHIC: Final = ("EPSG:4326", "OGC:CRS84", "EPSG:4490")


@dataclass(frozen=True, slots=True)
class Part:
    """One data file of an order: its name, its bytes as text or workbook, and whether they are CSV made here."""

    name: str
    content: bytes
    is_made: bool


def parts_of(data: bytes, options: ParseOptions) -> list[Part] | None:
    """The data files in these bytes; None where they are a table of text or a workbook themselves.

    Raises SourceError for what is neither, by its name.
    """
    start = data[:4096].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe").lstrip()
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return None if _is_office(data) else _in_archive(data)
    if start[:1] in (b"{", b"["):
        return [Part("", json_as_csv(data), is_made=True)]
    kind = _layer_kind(data)
    if kind == SHAPEFILE:
        raise SourceError("这是 Shapefile 的一部分，单独读不出属性", todo=WHOLE_SET, code="not_table")
    if kind:
        return _of_layers(data, f"upload.{kind}")
    _refuse_others(data)
    return None


def _is_office(data: bytes) -> bool:
    """Whether an archive is a workbook or another document of an office: the reader of workbooks names these."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise SourceError("压缩包或工作簿已损坏，或没有传完", todo="请重新下载", code="broken") from error
    return any(
        name.startswith(("xl/", "word/", "ppt/")) or name in ("content.xml", "[Content_Types].xml") for name in names
    )


def _layer_kind(data: bytes) -> str:
    if data[:4] == b"\x00\x00\x27\x0a":
        return SHAPEFILE
    if data[:16] == b"SQLite format 3\x00":
        return GEOPACKAGE
    if data[:3] == b"fgb" and data[4:7] == b"fgb":
        return FLATGEOBUF
    return "kml" if is_kml(data[:4096]) else ""


def _refuse_others(data: bytes) -> None:
    for mark, word in OTHERS:
        if data.startswith(mark):
            raise SourceError(f"这是{word}，不是 FIRMS 的火点表", todo=BRING, code="not_table")
    if _is_dbf(data):
        raise SourceError("这是 Shapefile 的属性表（.dbf），不是整套", todo=WHOLE_SET, code="not_table")


def _is_dbf(data: bytes) -> bool:
    """A dBASE table: its version, a possible date, and a head that ends where it says."""
    head_bytes = int.from_bytes(data[8:10], "little")
    is_dated = len(data) > 32 and 1 <= data[2] <= 12 and 1 <= data[3] <= 31
    return data[:1] in (b"\x03", b"\x83", b"\x30") and is_dated and data[head_bytes - 1 : head_bytes] == b"\r"


def _in_archive(data: bytes) -> list[Part]:
    with tempfile.TemporaryDirectory(prefix="jinshao-firms-") as name:
        folder = Path(name)
        archive = folder / "order.zip"
        archive.write_bytes(data)
        files = unpacking.unpack(archive, folder / "in", _is_wanted, "FIRMS 的数据")
        parts = [part for file in sorted(files) for part in _of_file(file, folder / "in")]
    if not parts:
        raise SourceError("压缩包里没有 FIRMS 的数据文件", todo=BRING, code="not_table")
    return parts


def _is_wanted(path: PurePosixPath) -> bool:
    is_readme = README.search(path.stem) and path.suffix.lower() not in (".shp", *SIDECARS)
    return path.suffix.lower() in (*TABLES, *LAYERS, *SIDECARS) and not is_readme


def _of_file(file: Path, folder: Path) -> list[Part]:
    suffix, name = file.suffix.lower(), file.relative_to(folder).as_posix()
    if suffix in SIDECARS:
        if suffix == ".dbf" and not any(_beside(file, ".shp")):
            raise SourceError("压缩包里有 .dbf，没有同名的 .shp", where=name, todo=WHOLE_SET, code="not_table")
        return []
    if suffix in TABLES:
        return [Part(name, file.read_bytes(), is_made=False)]
    if suffix in (".json", ".geojson"):
        return [Part(name, json_as_csv(file.read_bytes(), name), is_made=True)]
    if suffix == ".shp" and not (any(_beside(file, ".dbf")) and any(_beside(file, ".shx"))):
        raise SourceError("Shapefile 缺 .dbf 或 .shx", where=name, todo=WHOLE_SET, code="not_table")
    return _of_layer_file(file, name)


def _beside(file: Path, suffix: str) -> Iterable[Path]:
    return (other for other in file.parent.iterdir() if other.stem == file.stem and other.suffix.lower() == suffix)


def _of_layers(data: bytes, name: str) -> list[Part]:
    with tempfile.TemporaryDirectory(prefix="jinshao-firms-") as folder:
        file = Path(folder) / name
        file.write_bytes(data)
        return _of_layer_file(file, "")


def _of_layer_file(file: Path, name: str) -> list[Part]:
    try:
        layers = [None] if file.suffix.lower() == ".shp" else door.layers_of(file)
        reads = [(layer, door.read_layer(file, layer=layer)) for layer in layers]
    except SourceError as error:
        raise SourceError(error.what, where=name or "文件", todo=error.todo or BRING, code=error.code) from error
    several = len(reads) > 1
    return [
        Part(f"{name}：{layer}" if several and name else (layer or "") if several else name, layer_as_csv(read), True)
        for layer, read in reads
    ]


def layer_as_csv(read: door.LayerRead) -> bytes:
    """The rows of a layer: its columns, those that a KML writes into its description, and the position of its shape where
    no column has it."""
    columns: dict[str, Sequence[Any]] = {
        name: [_cell(value) for value in values] for name, values in read.columns.items()
    }
    described = [_described(text) for text in columns.get("Description", ())]
    for name in dict.fromkeys(name for row in described for name in row):
        columns.setdefault(name, [row.get(name, "") for row in described])
    if read.wkb and not _has_position(columns) and (read.crs is None or read.crs in GEOGRAPHIC):
        shapes = shapely.from_wkb(np.array(read.wkb, dtype=object), on_invalid="ignore")
        centres = shapely.centroid(shapes)
        columns |= {"longitude": _degrees(shapely.get_x(centres)), "latitude": _degrees(shapely.get_y(centres))}
    return _as_csv(columns, read.features if not columns else len(next(iter(columns.values()))))


def _has_position(columns: Mapping[str, Any]) -> bool:
    return {"latitude", "longitude"} <= {name.strip().lower() for name in columns}


def _degrees(numbers: Any) -> list[str]:
    return ["" if np.isnan(number) else f"{number:.7f}".rstrip("0") for number in numbers.tolist()]


def _cell(value: Any) -> str:
    if value is None or value != value:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


_BREAK: Final = re.compile(r"<br\s*/?>|</tr>|</p>|</div>|</li>|\n", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^>]*>")
_LABELS: Final = {
    "latitude": "latitude", "longitude": "longitude", "sensor": "satellite", "satellite": "satellite", "version": "version",
    "confidence": "confidence", "confidence [0-100%]": "confidence", "frp": "frp", "scan": "scan", "track": "track",
    "brightness": "brightness", "day/night": "daynight", "type": "type", "acquisition date": "acq_date",
    "acquisition time": "acq_time", "instrument": "instrument",
}  # fmt: skip
_MOMENT: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[ T]+(\d{1,2}:?\d{2})(?::\d{2})?\s*(?:UTC|GMT|Z)?", re.IGNORECASE)
_INSTRUMENT: Final = re.compile(r"\b(?:VIIRS|MODIS)\b[\s/:-]*", re.IGNORECASE)


def _described(html: str) -> dict[str, str]:
    """The fields in the description of a placemark: lines of `label: value`; a detection time is UTC."""
    fields: dict[str, str] = {}
    for line in _BREAK.split(html):
        label, _, value = _TAG.sub(" ", line).partition(":")
        label, value = " ".join(label.lower().split()), " ".join(value.split())
        if (moment := _MOMENT.fullmatch(value)) and "time" in label:
            fields |= {"acq_date": moment[1], "acq_time": moment[2]}
        elif label in _LABELS and value:
            fields.setdefault(_LABELS[label], value)
    if "satellite" in fields:
        fields["satellite"] = _INSTRUMENT.sub("", fields["satellite"]).strip() or fields["satellite"]
    if "frp" in fields:
        fields["frp"] = fields["frp"].lower().removesuffix("mw").strip()
    return fields


def json_as_csv(data: bytes, name: str = "") -> bytes:
    """The rows of a JSON: a list of objects, a feature collection, or one of these under a name.

    Raises SourceError where it is neither, with what the server said in it.
    """
    try:
        whole = _parsed(decode(data)[0])
    except (ValueError, RecursionError) as error:
        raise SourceError("JSON 不完整或写法有错", where=name or "文件", todo="请重新下载", code="broken") from error
    rows = [_row(entry) for entry in _entries(whole) if isinstance(entry, dict)]
    if not rows:
        message = _message_in(whole)
        what = "JSON 里没有火点" + (f"（写着：{message}）" if message else "")
        raise SourceError(what, where=name or "文件", todo=BRING, code="wrong_columns")
    names = list(dict.fromkeys(field for row in rows for field in row))
    return _as_csv({field: [row.get(field, "") for row in rows] for field in names}, len(rows))


def _parsed(text: str) -> Any:
    """The JSON, or its lines where each is one."""
    try:
        return json.loads(text)
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
        return [json.loads(line) for line in lines]


def _message_in(whole: Any) -> str:
    """The first sentence of an object without rows: what a server answers in place of data."""
    texts = [value for value in whole.values() if isinstance(value, str)] if isinstance(whole, dict) else []
    return texts[0][:80] if texts else ""


def _entries(whole: Any) -> list[Any]:
    if isinstance(whole, list):
        return whole
    if isinstance(whole, dict):
        if whole.get("type") == "Feature":
            return [whole]
        lists = [value for value in whole.values() if isinstance(value, list)]
        listed = whole.get("features") if isinstance(whole.get("features"), list) else None
        return listed if listed is not None else (lists[0] if len(lists) == 1 else [])
    return []


def _row(entry: Mapping[str, Any]) -> dict[str, str]:
    """One object as cells. GeoJSON keeps them under `properties`, ArcGIS under `attributes`, the position in `geometry`."""
    nested = entry.get("properties") or entry.get("attributes")
    fields = nested if isinstance(nested, dict) else {} if "geometry" in entry else entry
    row = {str(name): _json_cell(value) for name, value in fields.items()}
    geometry = entry.get("geometry")
    if isinstance(geometry, dict) and not _has_position(row):
        at = geometry.get("coordinates") or [geometry.get("x"), geometry.get("y")]
        if isinstance(at, list) and len(at) >= 2 and all(isinstance(number, int | float) for number in at[:2]):
            row |= {"longitude": _json_cell(at[0]), "latitude": _json_cell(at[1])}
    return row


def _json_cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _as_csv(columns: Mapping[str, Sequence[Any]], rows: int) -> bytes:
    """One line for each row, whatever its cells hold: the reader counts lines."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_one_line(name) for name in columns])
    writer.writerows([_one_line(values[at]) for values in columns.values()] for at in range(rows))
    return out.getvalue().encode("utf-8", "replace")


def _one_line(text: str) -> str:
    return " ".join(text.replace("\x00", "\ufffd").split())
