"""The layers of the files that somebody hands over: archives unpacked safely, the encoding of old tables.

A file from outside is opened (`papers.layers.door`) only after its first bytes have said what it is: GDAL itself would
also follow descriptions of other files (VRT, pipelines), which nobody may hand in.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

from core.errors import BadInput
from papers.encodings import FileError
from papers.layers import door, unpacking
from papers.layers.kinds import DRIVERS, GEODATABASE, SUFFIX_KINDS, kind_of

SUFFIXES: Final = (".shp", ".gpkg", ".geojson", ".json", ".kml", ".ovkml")
SIDECARS: Final = (".shx", ".dbf", ".prj", ".cpg")
ARCHIVES: Final = (".zip", ".kmz")
_GDB_SUFFIXES: Final = (".gdbtable", ".gdbtablx", ".gdbindexes", ".atx", ".spx", ".freelist", ".horizon")


@dataclass(frozen=True, slots=True)
class Source:
    """One layer of one file. `name` is what people call it; `encoding` is set where the file does not say it well."""

    path: Path
    layer: str | None
    name: str
    encoding: str | None = None
    note: str = ""


def sources_in(
    paths: Iterable[Path], workdir: Path, *, only_known: bool = True, opening: door.Opening = door.USUAL
) -> list[Source]:
    """Every layer of the files, archives unpacked below `workdir`. With `only_known`, files that are not of a known
    kind are refused. Raises BadInput naming the file.
    """
    sources: list[Source] = []
    for at, path in enumerate(paths):
        if path.is_dir():
            sources += _layers(_geodatabase(path), path.name, False, opening)
            continue
        if not path.is_file():
            raise BadInput("没有这个文件", where=path.name, code="no_file")
        suffix = path.suffix.lower()
        if suffix in SIDECARS:
            continue
        if suffix in ARCHIVES:
            inside = _border_files_in(_unpacked(path, workdir / str(at)), workdir / str(at))
            if not inside:
                kinds = "、".join((*SUFFIXES, ".gdb"))
                raise BadInput(f"压缩包里没有边界文件（{kinds}）", where=path.name, code="empty_archive")
            for member in sorted(inside):
                sources += _layers(member, f"{path.name}/{member.name}", True, opening)
        else:
            sources += _layers(path, path.name, only_known, opening)
    if not sources:
        raise BadInput(f"没有边界文件；可用：{'、'.join((*SUFFIXES, *ARCHIVES))}", code="no_file")
    return sources


def choose_layer(sources: Sequence[Source], *, level: str, layer: str, where: str) -> Source:
    """The layer named, else the only one, else the one that is called like the level. Raises BadInput with their
    names."""
    names = "、".join(source.layer or source.name for source in sources)
    if layer:
        matches = [
            source for source in sources if layer in (source.layer, source.name, source.path.name, source.path.stem)
        ]
        if len(matches) != 1:
            raise BadInput(f"没有图层“{layer}”；有：{names}", where=where, code="unknown_layer")
        return matches[0]
    fitting = [source for source in sources if level and level == (source.layer or "").lower()]
    if len(sources) > 1 and len(fitting) != 1:
        raise BadInput(f"文件里有几个图层：{names}；请用 --layer 级别=图层 指明", where=where, code="which_layer")
    return fitting[0] if fitting else sources[0]


def _unpacked(archive: Path, folder: Path) -> list[Path]:
    """The border files of a zip and what belongs to them, written below `folder`. Raises BadInput."""
    try:
        return unpacking.unpack(archive, folder, _is_border_file, "边界文件")
    except FileError as error:
        raise BadInput(error.what, where=archive.name, code=error.code) from error


def _is_border_file(path: PurePosixPath) -> bool:
    in_geodatabase = path.suffix.lower() in _GDB_SUFFIXES or path.name in ("gdb", "timestamps")
    return path.suffix.lower() in (*SUFFIXES, *SIDECARS) or in_geodatabase


def _border_files_in(unpacked: Sequence[Path], folder: Path) -> list[Path]:
    """What can be read among unpacked files: single files, and the folder of a FileGDB under a name that GDAL takes."""
    inside = [member for member in unpacked if member.suffix.lower() in SUFFIXES]
    for home in dict.fromkeys(member.parent for member in unpacked if member.suffix.lower() == ".gdbtable"):
        is_named = home != folder and home.suffix.lower() == ".gdb"
        inside.append(home if is_named else home.rename(folder.parent / f"{folder.name}-{home.name}.gdb"))
    return inside


def _geodatabase(path: Path) -> Path:
    """The folder, which must be a FileGDB."""
    if kind_of(path) != GEODATABASE:
        raise BadInput("这是文件夹，不是 FileGDB（.gdb）；请指明里面的边界文件", where=path.name, code="no_file")
    if path.suffix.lower() != ".gdb":
        raise BadInput("FileGDB 的文件夹名要以 .gdb 结尾；请改名后再导入", where=path.name, code="unreadable")
    return path


def _layers(path: Path, name: str, only_known: bool, opening: door.Opening) -> list[Source]:
    _check_kind(path, name, only_known=only_known)
    if path.suffix.lower() == ".shp":
        encoding, note = dbf_encoding(path)
        return [Source(path, None, name, encoding, note)]
    try:
        drawn = door.layers_of(path, replace(opening, by_suffix=not only_known))
    except FileError as error:
        raise unreadable(error, name) from error
    if not drawn:
        raise BadInput("文件没有图形列", where=name, code="missing_column")
    if len(drawn) == 1:
        return [Source(path, drawn[0], name)]
    return [Source(path, layer, f"{name}：{layer}") for layer in drawn]


def unreadable(error: FileError, where: str) -> BadInput:
    """The refusal of a file that the door could not read, in its words; what GDAL says stands in brackets."""
    what = f"读不出边界数据（{error.what}）" if error.code == "unreadable" else error.what
    return BadInput(f"{what}。{error.todo}" if error.todo else what, where=where, code=error.code)


def _check_kind(path: Path, name: str, *, only_known: bool) -> None:
    """Raises BadInput unless the content is of the kind that the name says, and of one that is read at all."""
    suffix = path.suffix.lower()
    if path.is_dir() and kind_of(path) == GEODATABASE:
        return
    if suffix not in SUFFIXES and (only_known or suffix not in SUFFIX_KINDS):
        if only_known or not kind_of(path):
            raise BadInput(f"不认识的文件；可用：{'、'.join((*SUFFIXES, *ARCHIVES))}", where=name, code="unknown_kind")
        return
    if path.is_file() and not path.stat().st_size:
        raise BadInput("文件是空的", where=name, code="unreadable")
    own = _KIND_OF_SUFFIX.get(suffix, "")
    if own in DRIVERS and kind_of(path) != own:
        raise BadInput(f"内容不是 {suffix} 文件", where=name, code="unreadable")


_KIND_OF_SUFFIX: Final = {
    ".shp": "shp",
    ".gpkg": "gpkg",
    ".kml": "kml",
    ".ovkml": "kml",
    ".geojson": "json",
    ".json": "json",
}
_CODE_PAGES = {
    "936": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "cp936": "gb18030",
    "65001": "utf-8",
    "utf8": "utf-8",
}


def dbf_encoding(shp: Path) -> tuple[str | None, str]:
    """(codec, note) of a shapefile's table: the one its .cpg names if the texts can be read so, else UTF-8, else GBK.

    A note says when the .cpg was wrong. None without a table. Raises BadInput when no encoding fits.
    """
    table = _beside(shp, ".dbf")
    if table is None:
        raise BadInput(
            "Shapefile 缺 .dbf 文件（属性表）；请连同 .shx、.dbf、.prj 一起给", where=shp.name, code="missing_column"
        )
    if _beside(shp, ".shx") is None:
        raise BadInput("Shapefile 缺 .shx 文件；请连同 .shx、.dbf、.prj 一起给", where=shp.name, code="unreadable")
    stated = _stated_encoding(_beside(shp, ".cpg"))
    texts = _dbf_texts(table.read_bytes())
    for codec in dict.fromkeys(filter(None, (stated, "utf-8", "gb18030"))):
        if _fits(texts, codec):
            note = f".cpg 写的编码 {stated} 读不出文字，改按 {codec} 读" if stated and codec != stated else ""
            return codec, note
    raise BadInput("属性表的文字既不是 UTF-8 也不是 GBK；请另存为 UTF-8", where=shp.name, code="bad_encoding")


def _beside(shp: Path, suffix: str) -> Path | None:
    return next(
        (sidecar for sidecar in sorted(shp.parent.glob(f"{_escaped(shp.stem)}.*")) if sidecar.suffix.lower() == suffix),
        None,
    )


def _escaped(stem: str) -> str:
    return "".join(f"[{letter}]" if letter in "[]*?" else letter for letter in stem)


def _stated_encoding(cpg: Path | None) -> str | None:
    if cpg is None:
        return None
    word = cpg.read_bytes()[:40].decode("ascii", errors="ignore").strip().lower()
    word = word.removeprefix("oem ").removeprefix("ansi ").strip()
    word = _CODE_PAGES.get(word.replace("-", ""), word)
    try:
        return codecs.lookup(word).name if word else None
    except LookupError:
        return None


def _dbf_texts(content: bytes) -> list[bytes]:
    """The names of the columns and the text cells of a dBASE table, stripped."""
    head_bytes, row_bytes = int.from_bytes(content[8:10], "little"), int.from_bytes(content[10:12], "little")
    texts, columns, at = [], [], 1
    for start in range(32, min(head_bytes, len(content)) - 1, 32):
        field = content[start : start + 32]
        if field[:1] == b"\r" or len(field) < 32:
            break
        texts.append(field[:11].split(b"\0")[0])
        if field[11:12] == b"C":
            columns.append((at, at + field[16]))
        at += field[16]
    if row_bytes < 1:
        return texts
    for row in range(head_bytes, len(content) - row_bytes + 1, row_bytes):
        texts += [content[row + begin : row + end].rstrip(b" \0") for begin, end in columns]
    return [text for text in texts if not text.isascii()]


def _fits(texts: Sequence[bytes], codec: str) -> bool:
    decoder: Any = codecs.getincrementaldecoder(codec)
    try:
        for text in texts:
            # Not final: a cell may end in the middle of a character, where the program that wrote it cut it off.
            decoder().decode(text, final=False)
    except UnicodeDecodeError:
        return False
    return True
