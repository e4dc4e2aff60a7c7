"""Files from the field and the office: told by their content, limited before they are read, put out as harmless copies."""

import io
import json
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from firepoints.models import Evidence
from firepoints.pages import evidence as pages
from firepoints.services.evidence import evidence_store
from firepoints.tracks import MOST_POSITIONS
from journal.errors import BadInput
from tests.factories import points as make
from tests.safety.walk import signed_in

pytestmark = pytest.mark.django_db
HTML = b"<html><script>alert(document.cookie)</script></html>"


def picture(kind: str, **told: Any) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (800, 600), (120, 90, 60)).save(content, kind, **told)
    return content.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_of_every_accepted_kind_is_shown_as_a_jpeg_without_exif(city, kind):
    exif = Image.Exif()
    exif[0x010F] = "SecretPhone"
    point = make.dispatched(city)
    piece = make.photo(point, city.west, file=picture(kind, exif=exif))
    client = signed_in(city.clerk)
    for size in ("?size=thumb", ""):
        answer = client.get(reverse("firepoints:evidence", args=[piece.uuid]) + size)
        content = b"".join(answer.streaming_content)
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
        assert b"SecretPhone" not in content
        assert not Image.open(io.BytesIO(content)).getexif()
    original = client.get(reverse("firepoints:evidence_original", args=[piece.uuid]))
    assert original["Content-Disposition"].startswith("attachment")
    assert original["Content-Type"] == "application/octet-stream"
    assert "sandbox" in original["Content-Security-Policy"]
    assert b"".join(original.streaming_content) == picture(kind, exif=exif)


@pytest.mark.parametrize("kind", ["photo", "scan", "track"])
def test_a_page_called_a_photo_a_scan_or_a_track_is_refused(city, kind):
    point = make.dispatched(city)
    client = signed_in(city.west)
    for name in ("a.jpg", "a.pdf", "../../a.html", "a\x00.jpg"):
        given = {"uuid": str(uuid.uuid4()), "kind": kind, "no_position_reason": "无",
                 "file": SimpleUploadedFile(name, HTML, "image/jpeg")}  # fmt: skip
        page = client.post(
            reverse("firepoints:evidence_upload", args=[point.pk]), given, headers={"Accept": "application/json"}
        )
        assert (page.status_code, "message" in page.json()) == (400, True), (kind, name)
        given["file"] = SimpleUploadedFile(name, HTML, "image/jpeg")
        assert client.post(f"/api/fire-points/{point.pk}/evidence/", given).status_code == 400, (kind, name)
    assert not Evidence.objects.exists()


def test_a_file_that_is_too_large_is_refused_before_it_is_read(city, monkeypatch):
    monkeypatch.setattr(pages, "MOST_BYTES", 1000)
    monkeypatch.setattr(pages, "_store", lambda *args: pytest.fail("it was read"))
    point = make.dispatched(city)
    given = {"file": SimpleUploadedFile("a.jpg", b"x" * 1001)}
    answer = signed_in(city.west).post(
        reverse("firepoints:evidence_upload", args=[point.pk]), given, headers={"Accept": "application/json"}
    )
    assert answer.json()["error"] == "too_large"


def test_a_track_without_end_is_refused_before_it_is_measured(city):
    point = make.dispatched(city)
    line = [[123.75, 41.25]] * (MOST_POSITIONS + 1)
    with pytest.raises(BadInput, match="最多"):
        evidence_store(point=point, actor=city.west, uuid=uuid.uuid4(), kind="track", file=json.dumps(line).encode())


def test_a_stored_name_has_no_folder(city):
    point = make.dispatched(city)
    for name in ("../../../etc/passwd", "C:\\windows\\a.jpg", "..\\..\\b.jpg"):
        piece = make.photo(point, city.west, filename=name)
        assert "/" not in piece.filename
        assert "\\" not in piece.filename
        assert ".." not in piece.stored_as


def test_a_form_from_elsewhere_is_refused(city):
    from django.test import Client

    point = make.suspected()
    client = Client(enforce_csrf_checks=True)
    client.force_login(city.clerk)
    page = client.post(reverse("firepoints:act", args=[point.pk, "dispatch"]), {"expected_version": point.version})
    assert page.status_code == 403
    told = '{"action": "dispatch", "version": 1}'
    by_api = client.post(f"/api/fire-points/{point.pk}/transitions/", told, content_type="application/json")
    assert by_api.status_code == 403
    assert client.get(f"/fire-points/{point.pk}/").status_code == 200
    point.refresh_from_db()
    assert point.state == "suspected"
