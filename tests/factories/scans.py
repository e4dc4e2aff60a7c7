"""Small papers as a scanner would give them: whole, and each its own."""

import io
import itertools

from PIL import Image

_serial = itertools.count(1)


def pdf(words: str = "") -> bytes:
    """One blank page; each differs unless `words` says which."""
    words = words or f"demo {next(_serial)}"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    ]
    content, places = b"%PDF-1.4\n%" + words.encode() + b"\n", []
    for number, text in enumerate(objects, start=1):
        places.append(len(content))
        content += f"{number} 0 obj\n{text}\nendobj\n".encode()
    xref = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    tail = f"xref\n0 {size}\n0000000000 65535 f \n{xref}trailer\n<< /Size {size} /Root 1 0 R >>\n"
    return content + (tail + f"startxref\n{len(content)}\n%%EOF\n").encode()


def picture(kind: str, shade: int = 90) -> bytes:
    """A page as a picture of that kind: JPEG, PNG, TIFF."""
    content = io.BytesIO()
    Image.new("RGB", (60, 80), (shade, shade, 90)).save(content, kind)
    return content.getvalue()
