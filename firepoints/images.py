"""Reading a photo that a phone sent: is it an image at all, how large, and what its EXIF claims. Pure: bytes in."""

import io
import math
from dataclasses import dataclass, field
from typing import Any

from PIL import ExifTags, Image

FORMATS = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
LEAST_SIDE_PX = 640
MOST_PIXELS = 80_000_000
"""Below Pillow's own alarm (89 million), so that a bomb is refused by its header and never unpacked."""

_TAKEN_AT, _LONGEST_TEXT = 0x9003, 100

# Pillow's JPEG reader also opens MPO; asking for MPO by name is a KeyError once a file is no JPEG.
READERS = [name for name in FORMATS if name != "MPO"]


class NotAPhoto(ValueError):
    """Why the bytes are no usable photo, in words for the person who took it; `code` is stable."""

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


def read_photo(content: bytes, *, least_px: int = LEAST_SIDE_PX) -> Photo:
    """Decode the whole image and read its EXIF.

    The longer side must be at least `least_px` (640): the policy says "at least 640 px" and names no side [R]; the
    longer one keeps upright phone photos of 480 × 640. Raises NotAPhoto (undecodable, too_small, too_large).
    """
    try:
        with Image.open(io.BytesIO(content), formats=READERS) as image:
            kind, width, height = str(image.format), *image.size
            if width * height > MOST_PIXELS:
                raise NotAPhoto(f"照片 {width} × {height} 像素，太大", "too_large")
            image.verify()
        with Image.open(io.BytesIO(content), formats=READERS) as image:
            image.load()  # verify() reads no pixels: a cut-off JPEG only shows here
            exif, lon, lat = _exif(image)
    except NotAPhoto:
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything on hostile bytes
        raise NotAPhoto("文件不是能打开的照片（JPEG、PNG、WebP），请重新拍摄或上传", "undecodable") from error
    if max(width, height) < least_px:
        raise NotAPhoto(f"照片 {width} × {height} 像素，长边至少 {least_px} 像素", "too_small")
    return Photo(FORMATS[kind], width, height, exif, lon, lat)


def _exif(image: Image.Image) -> tuple[dict[str, str], float | None, float | None]:
    """A few plain tags and the position; broken EXIF is no reason to refuse a photo."""
    try:
        tags = image.getexif()
        told = {
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
    plain = {name: _text(value) for name, value in told.items() if value not in (None, "")}
    return plain, *((lon, lat) if lon is not None and lat is not None else (None, None))


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
