"""Keeping files as they came, by content, under JINSHAO_HOME: written whole with fsync and rename, never rewritten."""

import hashlib
import io
import shutil
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from PIL import Image

from core.errors import BadInput
from core.room import written_whole

MAX_SCAN_BYTES = 30 * 1024 * 1024
# What a scan may be, told by its first bytes and not by its name.
SIGNATURES = {
    b"%PDF-": ".pdf",
    b"\xff\xd8\xff": ".jpg",
    b"\x89PNG\r\n\x1a\n": ".png",
    b"II*\x00": ".tif",
    b"MM\x00*": ".tif",
}

# Readers look for the end of a PDF in its last kilobyte; some scanners write more behind it.
PDF_END = 4096
SMALLEST_PX = 16


@dataclass(frozen=True, slots=True)
class Stored:
    """`stored_as` is relative to JINSHAO_HOME."""

    stored_as: str
    filename: str
    sha256: str
    size_bytes: int


def digest_of(content: bytes) -> str:
    """sha256 in hex: the name by which a stored file is known."""
    return hashlib.sha256(content).hexdigest()


def store_bytes(content: bytes, *, kind: str, suffix: str) -> str:
    """Write `content` and return its path relative to JINSHAO_HOME; the same bytes are kept once. Raises NoRoom."""
    digest = digest_of(content)
    relative = f"{kind}/{digest[:2]}/{digest}{suffix}"
    target = stored_path(relative)
    if not target.exists():
        with written_whole(target) as file:
            file.write(content)
    return relative


def digest_of_file(path: Path) -> str:
    """sha256 in hex of a file of any size, without holding it in memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def store_file(path: Path, *, kind: str, suffix: str, digest: str) -> str:
    """Keep a copy of a large file whose digest is known, and return its path relative to JINSHAO_HOME."""
    relative = f"{kind}/{digest[:2]}/{digest}{suffix}"
    target = stored_path(relative)
    if target.exists():
        return relative
    with path.open("rb") as source, written_whole(target) as file:
        shutil.copyfileobj(source, file, 1 << 20)
    return relative


def stored_path(relative: str) -> Path:
    """Where a stored file lies on this machine."""
    return Path(settings.JINSHAO_HOME) / relative


def store_paper(content: bytes, *, kind: str, filename: str, suffix: str) -> Stored:
    """Keep a paper under its hash, with the name under which it came or was made."""
    relative = store_bytes(content, kind=kind, suffix=suffix)
    return Stored(relative, Path(filename).name[:200], digest_of(content), len(content))


def store_scan(path: Path, *, kind: str, filename: str) -> Stored:
    """Keep a scan (PDF, JPEG, PNG, TIFF). Raises BadInput for anything else, an empty file, or one over 30 MB."""
    if not path.is_file():
        raise BadInput(f"找不到文件 {path.name}", where="file")
    if path.stat().st_size > MAX_SCAN_BYTES:
        raise BadInput("扫描件不能超过 30 MB", where="file")
    return store_scanned(path.read_bytes(), kind=kind, filename=filename)


def store_scanned(content: bytes, *, kind: str, filename: str) -> Stored:
    """Keep a scan whose content is in memory; refused as `store_scan` refuses."""
    if len(content) > MAX_SCAN_BYTES:
        raise BadInput("扫描件不能超过 30 MB", where="file")
    suffix = next((end for start, end in SIGNATURES.items() if content.startswith(start)), "")
    if not suffix:
        raise BadInput("扫描件要是 PDF、JPG、PNG 或 TIFF 文件", where="file")
    if not (_is_whole_pdf(content) if suffix == ".pdf" else _is_picture(content)):
        raise BadInput(
            "这个扫描件打不开：文件不完整，或者里面没有内容，请重新扫描", where="file", code="scan_unreadable"
        )
    return store_paper(content, kind=kind, filename=filename, suffix=suffix)


def _is_whole_pdf(content: bytes) -> bool:
    """Whether a PDF has objects, and at its end the place of their table: what every reader looks for first."""
    end = content[-PDF_END:]
    return b"%%EOF" in end and b"startxref" in end and b" obj" in content and b"endobj" in content


def _is_picture(content: bytes) -> bool:
    """Whether a picture can be read, of a size that a paper can have."""
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "TIFF")) as picture:
            picture.verify()
            return min(picture.size) >= SMALLEST_PX
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False


def open_stored(stored_as: str) -> Path:
    """The path of a stored file. Raises BadInput when the disk no longer has it."""
    path = stored_path(stored_as)
    if not path.is_file():
        raise BadInput(f"文件不在存储里：{stored_as}", where="file")
    return path
