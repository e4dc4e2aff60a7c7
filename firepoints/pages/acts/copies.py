"""Copies of photos for the screen: decoded and encoded anew, so that no EXIF and no hidden payload leaves with them."""

import os
import tempfile
from pathlib import Path

from django.conf import settings
from PIL import Image, ImageOps

from firepoints.evidence.images import MOST_PIXELS, READERS
from firepoints.evidence.originals import path_of
from firepoints.models import Evidence

THUMB_PX = 480
FULL_PX = 1920
_QUALITY = 82


def copy_of(piece: Evidence, longest_px: int) -> Path | None:
    """The JPEG copy whose longer side is at most `longest_px`, made on first use; None when the original is unreadable."""
    target = Path(settings.JINSHAO_HOME) / "copies" / piece.sha256[:2] / f"{piece.sha256}-{longest_px}.jpg"
    if target.is_file():
        return target
    try:
        with Image.open(path_of(piece), formats=READERS) as image:
            if image.width * image.height > MOST_PIXELS:
                return None
            # The camera's turn is in the EXIF that is about to go.
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    upright.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS)
    plain = Image.new("RGB", upright.size)
    plain.paste(upright)
    return _write(plain, target)


def _write(image: Image.Image, target: Path) -> Path:
    """Write the copy and rename it into place: two who ask at once must not read half a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=".draft-")
    with os.fdopen(handle, "wb") as file:
        image.save(file, "JPEG", quality=_QUALITY, optimize=True)
    os.replace(draft, target)
    return target
