"""Reading a photo that a phone sent: is it an image at all, how large, and what its EXIF claims. Pure: bytes in.

An original is kept as it was sent, byte for byte, and leaves only as a download; what is shown is a copy, encoded anew
without anything that stood beside the picture (pages/copies.py). So what follows the picture in a file is refused only
where it is a file of another kind that somebody could open as such (a polyglot); the films and notes that phones append
to a photo (motion photos) are let through.
"""

import io
import math
from dataclasses import dataclass, field
from typing import Any

import pillow_heif
from PIL import ExifTags, Image

from firepoints.evidence.likeness import difference_hash

FORMATS = {
    "JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "HEIF": "image/heic",
}  # fmt: skip
ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/heic": ".heic"}
LEAST_SIDE_PX = 640
MOST_PIXELS = 80_000_000
"""Never unpacked beyond this, whoever asks: below Pillow's own alarm (89 million)."""
ACCEPTED_PIXELS = 40_000_000
"""What is taken in unless the caller says otherwise: told by the header alone, before anything is decoded."""

_TAKEN_AT, _LONGEST_TEXT = 0x9003, 100

# Pillow's JPEG reader also opens MPO; asking for MPO by name is a KeyError once a file is no JPEG.
READERS = [name for name in FORMATS if name != "MPO"]
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
AVIF = (b"avif", b"avis")
NOT_PHOTOS = {
    b"GIF8": "GIF 动图", b"BM": "BMP 图", b"II*\x00": "TIFF 或 RAW 原片", b"MM\x00*": "TIFF 或 RAW 原片", b"%PDF-": "PDF",
    b"PK": "压缩包或文档", b"<": "网页", b"\x00\x00\x01\x00": "图标", b"Rar!": "压缩包", b"\xd0\xcf\x11\xe0": "Office 文档",
}  # fmt: skip
FOREIGN = {
    b"PK": "压缩包", b"Rar!": "压缩包", b"7z\xbc\xaf": "压缩包", b"\x1f\x8b": "压缩包", b"%PDF-": "PDF 文件", b"MZ": "程序",
    b"\x7fELF": "程序", b"<": "网页或脚本", b"#!": "脚本", b"\xd0\xcf\x11\xe0": "Office 文档", b"{\\rtf": "文档",
}  # fmt: skip


class NotAPhoto(ValueError):
    """The bytes are no usable photo; the reason is in words for the person who took it; `code` is stable."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Photo:
    """`exif_lon`, `exif_lat` are degrees as the file claims, kept apart from what the device said (policy.md §5)."""

    content_type: str
    width_px: int
    height_px: int
    exif: dict[str, str] = field(default_factory=dict)
    exif_lon: float | None = None
    exif_lat: float | None = None
    picture_hash: int | None = None


def read_photo(content: bytes, *, least_px: int = LEAST_SIDE_PX, most_pixels: int = ACCEPTED_PIXELS) -> Photo:
    """Decode the whole image and read its EXIF.

    The longer side must be at least `least_px` (640): the policy says "at least 640 px" and names no side [R]; the
    longer one keeps upright phone photos of 480 × 640. Raises NotAPhoto (undecodable, too_small, too_large, animated,
    polyglot).
    """
    try:
        with Image.open(io.BytesIO(content), formats=READERS) as image:
            kind, width, height = str(image.format), *image.size
            _refuse_size(width, height, least_px, min(most_pixels, MOST_PIXELS))
            # A phone's HEIC may hold further shots of the moment: the first is the picture.
            if kind not in ("MPO", "JPEG", "HEIF") and getattr(image, "n_frames", 1) > 1:
                raise NotAPhoto("这是动图，请上传一张普通照片（JPEG、HEIC、PNG、WebP）", "animated")
            image.verify()
        if hidden := foreign_content(content, kind):
            raise NotAPhoto(f"照片里还夹带了{hidden}，请重新拍摄，或用相册另存后再上传", "polyglot")
        with Image.open(io.BytesIO(content), formats=READERS) as image:
            image.load()  # verify() reads no pixels: a cut-off JPEG only shows here
            exif, lon, lat = _exif(image)
            picture_hash = difference_hash(image)
    except NotAPhoto:
        raise
    except Image.DecompressionBombError as error:
        raise NotAPhoto(
            f"照片像素太多，最多 {most_pixels // 1_000_000} 百万像素，请用普通模式重拍", "too_large"
        ) from error
    except Exception as error:  # Pillow's decoders raise nearly anything on hostile bytes
        raise NotAPhoto(_why_not(content, error), "undecodable") from error
    return Photo(FORMATS[kind], width, height, exif, lon, lat, picture_hash)


def _refuse_size(width: int, height: int, least_px: int, most_pixels: int) -> None:
    if width * height > most_pixels:
        most = most_pixels // 1_000_000
        raise NotAPhoto(f"照片 {width} × {height} 像素，太大：最多 {most} 百万像素，请用普通模式重拍", "too_large")
    if max(width, height) < least_px:
        raise NotAPhoto(f"照片 {width} × {height} 像素，长边至少 {least_px} 像素", "too_small")


def _why_not(content: bytes, error: Exception) -> str:
    """The reason in words why a file is no photo, and what to do."""
    brand = content[8:12] if content[4:8] == b"ftyp" else b""
    if brand in HEIC:
        return "HEIC 照片不完整或打不开：请重新上传；还不行，在手机设置里把照片格式改为“兼容性最佳”（JPEG）后重拍"
    if brand in AVIF:
        return "这是 AVIF 图片，打不开：请用相机原片（JPEG、HEIC），或转成 JPEG 再上传"
    if brand:
        return "这是视频，不是照片，请上传照片（JPEG、HEIC、PNG、WebP）"
    for start, word in NOT_PHOTOS.items():
        if content.startswith(start):
            return f"这是{word}，不是照片（JPEG、HEIC、PNG、WebP），请重新拍摄或上传"
    if content[:3] == b"\xff\xd8\xff" or content[:4] in (b"\x89PNG", b"RIFF") or "truncated" in str(error).lower():
        return "照片不完整，像是没有传完，请重新上传"
    return "文件不是能打开的照片（JPEG、HEIC、PNG、WebP），请重新拍摄或上传"


def foreign_content(content: bytes, kind: str) -> str:
    """The kind of another file that the bytes carry besides the picture, as a word for people; "" for none.

    A PDF may begin anywhere in the first kilobyte, an archive is found from its end: both are looked for there too.
    """
    if b"%PDF-" in content[:1024]:
        return "PDF 文件"
    if _ends_as_archive(content):
        return "压缩包"
    tail = content[picture_end(content, kind) :].lstrip(b"\x00\xff \r\n")
    if not tail:
        return ""
    begins = next((word for start, word in FOREIGN.items() if tail.startswith(start)), "")
    low = tail[:100_000].lower()
    return begins or ("网页或脚本" if any(mark in low for mark in (b"<html", b"<script", b"<?php")) else "")


def _ends_as_archive(content: bytes) -> bool:
    """Whether a zip's directory closes the file: its mark, and a comment that reaches to the very end."""
    at = content.rfind(b"PK\x05\x06", max(len(content) - 65_557, 0))
    return at >= 0 and at + 22 + int.from_bytes(content[at + 20 : at + 22], "little") == len(content)


def picture_end(content: bytes, kind: str) -> int:
    """The offset behind the picture: JPEG after its last scan, PNG after IEND, WebP by its own length, HEIC by its boxes."""
    if kind == "PNG":
        at = content.rfind(b"IEND")
        return at + 8 if at >= 0 else len(content)
    if kind == "WEBP":
        return 8 + int.from_bytes(content[4:8], "little")
    if kind == "HEIF":
        return _boxes_end(content)
    return _jpeg_end(content)


def _boxes_end(content: bytes) -> int:
    """The offset behind the last box of an ISO file; a box without a length reaches to the end."""
    at = 0
    while at + 8 <= len(content) and content[at + 4 : at + 8].isalnum():
        size = int.from_bytes(content[at : at + 4], "big")
        size = int.from_bytes(content[at + 8 : at + 16], "big") if size == 1 else size or len(content) - at
        if size < 8:
            break
        at += size
    return min(at, len(content))


def _jpeg_end(content: bytes) -> int:
    """The offset behind the last scan, found by its segments.

    In the coded data FF is followed by 00 or a restart mark, so the first FFD9 there is the end.
    """
    at = 2
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            return len(content)
        mark = content[at + 1]
        if mark == 0xD9:
            return at + 2
        if mark == 0xFF:
            at += 1
            continue
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if mark == 0xDA:
            while at < len(content) and (at := content.find(b"\xff", at)) >= 0:
                if content[at + 1 : at + 2] and content[at + 1] not in (0, *range(0xD0, 0xD8)):
                    break
                at += 2
            if at < 0:
                return len(content)
    return len(content)


def _exif(image: Image.Image) -> tuple[dict[str, str], float | None, float | None]:
    """A few plain tags and the position; broken EXIF is no reason to refuse a photo."""
    try:
        tags = image.getexif()
        camera = {
            "make": tags.get(ExifTags.Base.Make),
            "model": tags.get(ExifTags.Base.Model),
            "software": tags.get(ExifTags.Base.Software),
            "taken_at": tags.get_ifd(ExifTags.IFD.Exif).get(_TAKEN_AT),
        }
        gps = tags.get_ifd(ExifTags.IFD.GPSInfo)
        lat = _degrees(gps, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, "S", 90)
        lon = _degrees(gps, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, "W", 180)
    except Exception:
        return {}, None, None
    plain = {name: _text(value) for name, value in camera.items() if value not in (None, "")}
    # A camera without a fix writes zeros: a place in the Gulf of Guinea.
    has_place = lon is not None and lat is not None and (lon, lat) != (0.0, 0.0)
    return plain, *((lon, lat) if has_place else (None, None))


def _degrees(gps: dict[int, Any], tag: int, ref_tag: int, negative: str, limit: float) -> float | None:
    parts = gps.get(tag)
    if not parts or len(parts) != 3:
        return None
    value = float(parts[0]) + float(parts[1]) / 60 + float(parts[2]) / 3600
    if not math.isfinite(value) or value > limit:
        return None
    return -value if str(gps.get(ref_tag, "")).upper().startswith(negative) else value


def _text(value: Any) -> str:
    return str(value).replace("\x00", "").strip()[:_LONGEST_TEXT]
