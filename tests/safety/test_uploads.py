"""Files from the field and the office: told by their content, limited before they are read, put out as harmless copies."""

import io
import json
import uuid
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image, ImageFile

from core.errors import BadInput
from firepoints.evidence.pieces import evidence_store
from firepoints.evidence.tracks import MOST_IN_FILE
from firepoints.models import Evidence
from firepoints.pages.acts import evidence as pages
from tests.factories import points as make
from tests.safety.walk import signed_in

pytestmark = pytest.mark.django_db
HTML = b"<html><script>alert(document.cookie)</script></html>"


def picture(kind: str, *, size: tuple[int, int] = (800, 600), **told: Any) -> bytes:
    content = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(content, kind, **told)
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


def refusal(city: Any, content: bytes) -> BadInput:
    with pytest.raises(BadInput) as refused:
        make.photo(make.dispatched(city), city.west, file=content)
    assert not Evidence.objects.exists()
    return refused.value


def test_a_hundred_megapixels_are_refused_by_the_header_and_never_decoded(city, monkeypatch, settings):
    big = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(big, "PNG")
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("it was decoded"))
    found = refusal(city, big.getvalue())
    assert (found.code, "10000 × 10000" in found.message, "40 百万像素" in found.message) == ("too_large", True, True)
    settings.PHOTO_MEGAPIXELS = 1
    monkeypatch.undo()
    assert refusal(city, picture("PNG", size=(1200, 1000))).code == "too_large"


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.html", HTML)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "tail", [zipped(), HTML, b"%PDF-1.7 x", b"MZ" + b"\0" * 200, b"\0\0" + b"<?php x ?>", b"x" * 50 + HTML]
)
def test_a_photo_that_is_another_file_as_well_is_refused(city, kind, tail):
    assert refusal(city, picture(kind) + tail).code == "polyglot"


def test_a_pdf_that_hides_in_the_first_kilobyte_of_a_photo_is_refused(city):
    content = picture("JPEG", comment=b"%PDF-1.4")
    assert b"%PDF-" in content[:1024]
    assert refusal(city, content).code == "polyglot"


def test_what_phones_append_to_a_photo_is_let_through_and_leaves_only_with_the_original(city):
    film = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 8 + b"SEFT"
    point = make.dispatched(city)
    piece = make.photo(point, city.west, file=picture("JPEG") + film)
    client = signed_in(city.clerk)
    shown = client.get(reverse("firepoints:evidence", args=[piece.uuid]))
    assert b"ftypmp42" not in b"".join(shown.streaming_content)
    original = client.get(reverse("firepoints:evidence_original", args=[piece.uuid]))
    assert b"".join(original.streaming_content).endswith(film)


def test_two_pictures_in_one_file_of_a_phone_are_a_photo_but_an_animation_is_not(city):
    second = Image.new("RGB", (800, 600))
    assert make.photo(make.dispatched(city), city.west, file=picture("MPO", save_all=True, append_images=[second]))
    for kind in ("WEBP", "PNG"):
        moving = picture(kind, save_all=True, append_images=[Image.new("RGB", (800, 600), (9, 9, 9))])
        with pytest.raises(BadInput, match="动图") as refused:
            make.photo(make.dispatched(city), city.west, file=moving)
        assert refused.value.code == "animated"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\0\0\0\x18ftypheic" + bytes(400), "HEIC"),
        (b"\0\0\0\x18ftypavif" + bytes(400), "AVIF"),
        (b"\0\0\0\x18ftypmp42" + bytes(400), "视频"),
        (b"GIF89a" + bytes(200), "GIF"),
        (b"II*\0" + bytes(200), "RAW"),
        (b"%PDF-1.7", "PDF"),
        (zipped(), "压缩包"),
        (HTML, "网页"),
        (b"not a photo", "重新拍摄"),
    ],
)
def test_what_is_no_photo_is_called_what_it_is(city, content, said):
    found = refusal(city, content)
    assert (found.code, said in found.message) == ("undecodable", True)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_cut_off_on_its_way_says_that_it_was_not_sent_whole(city, kind):
    content = picture(kind)
    found = refusal(city, content[: len(content) * 2 // 3])
    assert (found.code, "没有传完" in found.message) == ("undecodable", True)


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
    line = [[123.75, 41.25]] * (MOST_IN_FILE + 1)
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
