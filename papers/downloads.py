"""Files handed out by pages: the right type, a Chinese name that every browser keeps, never shown inside the page."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
GPKG = "application/geopackage+sqlite3"
GEOJSON = "application/geo+json"
BY_SUFFIX = {".xlsx": XLSX, ".docx": DOCX, ".gpkg": GPKG, ".geojson": GEOJSON}
SCANS = {".pdf": "application/pdf", ".jpg": "image/jpeg", ".png": "image/png", ".tif": "image/tiff"}


def download(content: bytes, filename: str, content_type: str) -> HttpResponse:
    """The bytes as an attachment under this name."""
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, filename)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
