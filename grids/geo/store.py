"""Index files: named arrays with a kind, a format version and a content hash; written whole or not at all.

A file is one line of ASCII (`jinshao KIND VERSION SHA256`) and then a numpy archive without pickles.
"""

from __future__ import annotations

import hashlib
import io
import os
import uuid
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from grids.geo.arrays import Geometries, Texts

Arrays = Mapping[str, npt.NDArray[Any]]


class IndexDamaged(ValueError):
    """The file is not what was written: truncated, changed, or of another kind or format. Build it again."""


def write(path: Path, *, kind: str, version: int, arrays: Arrays) -> None:
    """Write next to `path`, fsync, rename into place, fsync the folder: a reader sees the old file or the new one."""
    body = io.BytesIO()
    # savez may hand its keyword arguments to a file that is never pickled: all arrays here are plain numbers.
    np.savez(body, **{name: np.ascontiguousarray(array) for name, array in arrays.items()})  # type: ignore[arg-type]
    content = body.getvalue()
    header = f"jinshao {kind} {version} {hashlib.sha256(content).hexdigest()}\n".encode("ascii")
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with draft.open("wb") as file:
            file.write(header)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    fsync_folder(path.parent)


def read(path: Path, *, kind: str, version: int) -> dict[str, npt.NDArray[Any]]:
    """The arrays that `write` stored. Raises FileNotFoundError, or IndexDamaged saying what is wrong."""
    header, newline, content = path.read_bytes().partition(b"\n")
    words = header.split(b" ")
    if not newline or len(words) != 4 or words[0] != b"jinshao":
        raise IndexDamaged(f"索引文件 {path.name} 不是本系统的索引，或文件头已损坏，请重建")
    if words[1:3] != [kind.encode(), str(version).encode()]:
        found = b" ".join(words[1:3]).decode(errors="replace")
        raise IndexDamaged(f"索引文件 {path.name} 的格式是 {found}，需要 {kind} {version}，请重建")
    if hashlib.sha256(content).hexdigest().encode() != words[3]:
        raise IndexDamaged(f"索引文件 {path.name} 内容与校验和不符（截断或被改动），请重建")
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def fsync_folder(folder: Path) -> None:
    """Make a rename in this folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def pack_geometries(name: str, geometries: Geometries) -> dict[str, npt.NDArray[Any]]:
    """Two arrays: the WKB of all geometries in one run of bytes, and where each ends."""
    return _pack(name, [b"" if wkb is None else wkb for wkb in shapely.to_wkb(geometries, byte_order=1)])


def unpack_geometries(name: str, arrays: Arrays) -> Geometries:
    """The way back of `pack_geometries`; what was None is None."""
    found = np.empty(len(arrays[f"{name}_ends"]), dtype=object)
    for at, wkb in enumerate(_unpack(name, arrays)):
        found[at] = wkb or None
    return np.asarray(shapely.from_wkb(found), dtype=object)


def pack_texts(name: str, texts: Texts) -> dict[str, npt.NDArray[Any]]:
    """Strings as UTF-8, packed like geometries."""
    return _pack(name, [str(text).encode() for text in texts])


def unpack_texts(name: str, arrays: Arrays) -> list[str]:
    """The way back of `pack_texts`."""
    return [text.decode() for text in _unpack(name, arrays)]


def digest(arrays: Arrays) -> str:
    """sha256 (hex) over names, shapes, types and bytes of the arrays: the same on every machine."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        total.update(array.tobytes())
    return total.hexdigest()


def _pack(name: str, pieces: Sequence[bytes]) -> dict[str, npt.NDArray[Any]]:
    ends = np.cumsum([len(piece) for piece in pieces], dtype="<i8")
    return {f"{name}_bytes": np.frombuffer(b"".join(pieces), dtype=np.uint8), f"{name}_ends": ends}


def _unpack(name: str, arrays: Arrays) -> list[bytes]:
    whole, ends = arrays[f"{name}_bytes"].tobytes(), [0, *arrays[f"{name}_ends"].tolist()]
    return [whole[start:end] for start, end in pairwise(ends)]
