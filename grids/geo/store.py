"""Index files: named arrays in one file that is mapped, not read; written whole or not at all, and never rewritten.

A file is one line of ASCII (`jinshao KIND VERSION LENGTH SHA256`), a directory in JSON on the second line, which the
sha256 is of, and the arrays, each at a multiple of 4,096 bytes. The directory holds a checksum for each array: the
sha256 of the sums of its pages. It is made to find what disks and copies do to files, at the speed of memory; it is
no defence against somebody who may write here, who could as well change the program.

Whoever opens a file for the first time checks it whole, and leaves a stamp beside it. Later readers trust the stamp
while the file is the same by inode, length and time of change: a process starts in milliseconds.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from grids.geo.arrays import Texts

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]

PAGE: Final = 4_096
_LONGEST_HEAD: Final = 1 << 16
_SUM_CHUNK: Final = 1 << 24
_TICK_NS: Final = 50_000_000


class IndexDamaged(ValueError):
    """The file is not what was written: truncated, changed, or of another kind or format. Build it again."""


def write(path: Path, *, kind: str, version: int, arrays: Arrays) -> None:
    """Write the arrays beside `path`, fsync, rename into place, fsync the folder: a reader sees the old or the new
    file."""
    plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    head, places = _head(plain, kind, version)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with draft.open("wb") as file:
            file.write(head)
            for name, array in plain.items():
                file.seek(places[name])
                array.tofile(file)
            file.truncate(_end(plain, places))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    fsync_folder(path.parent)


def _head(arrays: Arrays, kind: str, version: int) -> tuple[bytes, dict[str, int]]:
    """The two lines in front, and where each array begins."""
    entries = {
        name: {"type": array.dtype.str, "shape": array.shape, "sum": _checksum(array)} for name, array in arrays.items()
    }
    # The directory holds places that depend on its own length: leave it more room than it can need.
    room = _pages(1024 + 256 * len(entries) + sum(len(name) for name in entries))
    places: dict[str, int] = {}
    for name, array in arrays.items():
        places[name] = room
        room += _pages(array.nbytes)
    directory = json.dumps({name: entry | {"at": places[name]} for name, entry in entries.items()}).encode("ascii")
    length = _end(arrays, places)
    first = f"jinshao {kind} {version} {length} {hashlib.sha256(directory).hexdigest()}\n".encode("ascii")
    return first + directory + b"\n", places


def _end(arrays: Arrays, places: Mapping[str, int]) -> int:
    return max((places[name] + _pages(array.nbytes) for name, array in arrays.items()), default=PAGE)


def _pages(size: int) -> int:
    return -(-size // PAGE) * PAGE


def read(path: Path, *, kind: str, version: int) -> dict[str, Array]:
    """The arrays that `write` stored, mapped and read-only. Raises FileNotFoundError, or IndexDamaged saying why.

    The mapping stays good when the file is deleted.
    """
    with path.open("rb") as file:
        directory = _directory(file, path.name, kind, version)
        is_checked = _is_stamped(path, os.fstat(file.fileno()))
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        status = os.fstat(file.fileno())
    arrays: dict[str, Array] = {}
    for name, entry in directory.items():
        dtype, size = np.dtype(entry["type"]), int(np.prod(entry["shape"], dtype=np.int64))
        arrays[name] = np.frombuffer(mapped, dtype, size, entry["at"]).reshape(entry["shape"])
        if not is_checked and _checksum(arrays[name]) != entry["sum"]:
            raise IndexDamaged(f"索引文件 {path.name} 内容与校验和不符（截断或被改动），请重建")
    if not is_checked:
        _stamp(path, status)
    return arrays


def _stamp_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.checked")


def _identity(status: os.stat_result) -> str:
    return f"{status.st_ino} {status.st_size} {status.st_mtime_ns}"


def _is_stamped(path: Path, status: os.stat_result) -> bool:
    """Whether this very file has been checked. A change within the tick of the clock would not show: then not."""
    stamp = _stamp_of(path)
    try:
        same = stamp.read_text(encoding="ascii") == _identity(status)
        return same and stamp.stat().st_mtime_ns - status.st_mtime_ns > _TICK_NS
    except (OSError, UnicodeDecodeError):
        return False


def _stamp(path: Path, status: os.stat_result) -> None:
    """Note beside the file that it is whole. Where nothing can be written, the next reader checks again."""
    stamp = _stamp_of(path)
    draft = stamp.with_name(f"{stamp.name}.{uuid.uuid4().hex}")
    with contextlib.suppress(OSError):
        draft.write_text(_identity(status), encoding="ascii")
        draft.replace(stamp)


def _directory(file: IO[bytes], name: str, kind: str, version: int) -> dict[str, Any]:
    words = file.readline(_LONGEST_HEAD).split()
    if len(words) != 5 or words[0] != b"jinshao":
        raise IndexDamaged(f"索引文件 {name} 不是本系统的索引，或文件头已损坏，请重建")
    if words[1:3] != [kind.encode(), str(version).encode()]:
        file_format = b" ".join(words[1:3]).decode(errors="replace")
        raise IndexDamaged(f"索引文件 {name} 的格式是 {file_format}，需要 {kind} {version}，请重建")
    directory = file.readline().removesuffix(b"\n")
    whole = os.fstat(file.fileno()).st_size == int(words[3]) if words[3].isdigit() else False
    if not whole or hashlib.sha256(directory).hexdigest().encode() != words[4]:
        raise IndexDamaged(f"索引文件 {name} 内容与校验和不符（截断或被改动），请重建")
    entries: dict[str, Any] = json.loads(directory)
    return entries


def _checksum(array: Array) -> str:
    """sha256 over the sum of each page (as 64-bit numbers): as fast as memory, and moved pages do not cancel out."""
    total = hashlib.sha256()
    for part in _byte_parts(array):
        whole = part[: part.size // PAGE * PAGE].view(np.uint64).reshape(-1, PAGE // 8)
        total.update(whole.sum(axis=1, dtype=np.uint64).tobytes())
        total.update(part[whole.nbytes :].tobytes())
    return total.hexdigest()


def _byte_parts(array: Array) -> Iterator[npt.NDArray[np.uint8]]:
    content = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    for at in range(0, content.size, _SUM_CHUNK):
        yield content[at : at + _SUM_CHUNK]


def fsync_folder(folder: Path) -> None:
    """Make a rename in this folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class PackedTexts:
    """Strings as one run of UTF-8, and where each ends: opened without reading them."""

    content: npt.NDArray[np.uint8]
    ends: npt.NDArray[np.int64]

    @classmethod
    def of(cls, texts: Texts) -> PackedTexts:
        pieces = [str(text).encode() for text in texts]
        ends = np.cumsum([len(piece) for piece in pieces], dtype=np.int64)
        return cls(np.frombuffer(b"".join(pieces), dtype=np.uint8), ends)

    def texts(self) -> list[str]:
        """All of them, as str."""
        whole = self.content.tobytes()
        return [whole[start:end].decode() for start, end in pairwise([0, *self.ends.tolist()])]

    def arrays(self, name: str) -> dict[str, Array]:
        """Two arrays whose names begin with `name`."""
        return {f"{name}_content": self.content, f"{name}_ends": self.ends}

    @classmethod
    def of_arrays(cls, name: str, arrays: Arrays) -> PackedTexts:
        """The texts of what `arrays` gave."""
        return cls(arrays[f"{name}_content"], arrays[f"{name}_ends"])


def digest(arrays: Arrays) -> str:
    """sha256 (hex) over names, shapes, types and bytes of the arrays: the same on every machine."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        total.update(array.reshape(-1).view(np.uint8).data)
    return total.hexdigest()


def join_digests(digests: Sequence[str]) -> str:
    """One digest of several, in their order."""
    return hashlib.sha256("\n".join(digests).encode("ascii")).hexdigest()
