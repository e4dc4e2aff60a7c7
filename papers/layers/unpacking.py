"""Archives of data files, unpacked by counted bytes: no path that leads out, no link, no password, no bomb. Pure."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Final

from papers.encodings import FileError, written_name

MOST_MEMBERS: Final = 2000
MOST_UNPACKED_BYTES: Final = 2 * 1024**3
MOST_RATIO: Final = 200
"""Data files pack about 3 to 20 times; a bomb packs a thousand times and more."""
_RATIO_FROM_BYTES: Final = 50 * 1024**2
_CHUNK: Final = 1 << 20


def unpack(archive: Path, folder: Path, takes: Callable[[PurePosixPath], bool], like: str) -> list[Path]:
    """The files of a zip that `takes` agrees to, written below `folder`. `like` says in words what kind of file is expected.

    Raises FileError for a path that leads out of it, a link, a password, or contents larger than such an archive can be;
    what was written by then is left to the caller's folder.
    """
    try:
        with zipfile.ZipFile(archive) as zipped:
            members = [entry for entry in zipped.infolist() if not entry.is_dir()]
            check_members(members, archive.stat().st_size, like)
            budget_bytes, written = MOST_UNPACKED_BYTES, []
            for member in members:
                inside = inside_path(member)
                if not takes(inside) or inside.name.startswith(".") or inside.parts[0] == "__MACOSX":
                    continue
                target = folder.joinpath(*inside.parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                with zipped.open(member) as packed, target.open("wb") as out:
                    budget_bytes -= _copy(packed, out, budget_bytes, like)
                written.append(target)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, zlib.error, RuntimeError) as error:
        raise FileError(f"压缩包打不开（{error}）", code="unreadable") from error
    return written


def check_members(members: Sequence[zipfile.ZipInfo], packed_bytes: int, like: str) -> None:
    """Raises FileError for an archive that its directory alone gives away."""
    if len(members) > MOST_MEMBERS:
        raise FileError(f"压缩包里有 {len(members)} 个文件，超过 {MOST_MEMBERS} 个", code="bomb")
    unpacked = sum(member.file_size for member in members)
    if unpacked > MOST_UNPACKED_BYTES or (unpacked > _RATIO_FROM_BYTES and unpacked > MOST_RATIO * packed_bytes):
        raise FileError(f"压缩包解开有 {unpacked / 1e6:,.0f} MB，不像{like}", code="bomb")
    if any(member.flag_bits & 1 for member in members):
        raise FileError("压缩包有密码；请去掉密码重新打包", code="unreadable")
    if any(stat.S_ISLNK(member.external_attr >> 16) for member in members):
        raise FileError("压缩包里有链接，不收", code="unsafe_archive")


def inside_path(member: zipfile.ZipInfo) -> PurePosixPath:
    """The member's path below the folder."""
    name = written_name(member)
    path = PurePosixPath(name.replace("\\", "/"))
    bad = any(part in ("..", "/") or ":" in part or "\0" in part or len(part) > 200 for part in path.parts)
    if bad or not path.parts or name.startswith("/"):
        raise FileError(f"压缩包里的路径不安全：{name[:80]}", code="unsafe_archive")
    return path


def _copy(packed: IO[bytes], out: IO[bytes], most: int, like: str) -> int:
    """The number of bytes copied; the sizes that the archive states are not believed."""
    total = 0
    while chunk := packed.read(_CHUNK):
        total += len(chunk)
        if total > most:
            raise FileError(f"压缩包解开后太大，不像{like}", code="bomb")
        out.write(chunk)
    return total
