"""Keeping files that came with an act: written whole before the row that names them, by content, never rewritten."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from firepoints.services import storing
from journal.errors import BadInput

MAX_SCAN_BYTES = 30 * 1024 * 1024
# What a scan may be, told by its first bytes and not by its name.
SIGNATURES = {
    b"%PDF-": ".pdf",
    b"\xff\xd8\xff": ".jpg",
    b"\x89PNG\r\n\x1a\n": ".png",
    b"II*\x00": ".tif",
    b"MM\x00*": ".tif",
}


@dataclass(frozen=True, slots=True)
class Stored:
    """`stored_as` is relative to JINSHAO_HOME."""

    stored_as: str
    filename: str
    sha256: str
    size_bytes: int


def store_bytes(content: bytes, *, kind: str, filename: str, suffix: str) -> Stored:
    """Write `content` under JINSHAO_HOME/`kind`/ by its hash, with fsync and rename; the same bytes are kept once."""
    relative = storing.store_bytes(content, kind=kind, suffix=suffix)
    return Stored(relative, Path(filename).name[:200], hashlib.sha256(content).hexdigest(), len(content))


def store_scan(path: Path, *, kind: str, filename: str) -> Stored:
    """Keep a scan (PDF, JPEG, PNG, TIFF). Raises BadInput for anything else, an empty file, or one over 30 MB."""
    if not path.is_file():
        raise BadInput(f"找不到文件 {path.name}", where="file")
    if path.stat().st_size > MAX_SCAN_BYTES:
        raise BadInput("扫描件不能超过 30 MB", where="file")
    content = path.read_bytes()
    suffix = next((end for start, end in SIGNATURES.items() if content.startswith(start)), "")
    if not suffix:
        raise BadInput("扫描件要是 PDF、JPG、PNG 或 TIFF 文件", where="file")
    return store_bytes(content, kind=kind, filename=filename, suffix=suffix)


def open_stored(stored_as: str) -> Path:
    """The path of a stored file. Raises BadInput when the disk no longer has it."""
    path = storing.stored_path(stored_as)
    if not path.is_file():
        raise BadInput(f"文件不在存储里：{stored_as}", where="file")
    return path
