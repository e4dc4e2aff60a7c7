"""Papers and scans are kept by content, whole, once, and come back as they went in."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from core.errors import BadInput
from core.room import NoRoom
from papers import filing
from tests.factories import scans

PDF = scans.pdf("demo")


@pytest.fixture(autouse=True)
def home(settings, tmp_path: Path) -> Path:
    settings.JINSHAO_HOME = tmp_path / "home"
    return settings.JINSHAO_HOME


def files(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file()]


def test_bytes_are_kept_under_their_digest(home: Path) -> None:
    digest = sha256(PDF).hexdigest()
    assert filing.store_bytes(PDF, kind="documents", suffix=".pdf") == f"documents/{digest[:2]}/{digest}.pdf"
    assert (home / "documents" / digest[:2] / f"{digest}.pdf").read_bytes() == PDF


def test_the_same_bytes_are_kept_once_and_never_rewritten(home: Path) -> None:
    stored_as = filing.store_bytes(PDF, kind="documents", suffix=".pdf")
    (home / stored_as).write_bytes(b"kept as it is")
    assert filing.store_bytes(PDF, kind="documents", suffix=".pdf") == stored_as
    assert (home / stored_as).read_bytes() == b"kept as it is"
    assert len(files(home)) == 1


def test_a_large_file_is_copied_by_its_digest_and_the_copy_is_kept_once(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "边界.gpkg"
    path.write_bytes(b"x" * 3_000_000)
    digest = filing.digest_of_file(path)
    assert digest == filing.digest_of(path.read_bytes())
    stored_as = filing.store_file(path, kind="editions", suffix=".gpkg", digest=digest)
    assert (home / stored_as).read_bytes() == path.read_bytes()
    path.unlink()
    assert filing.store_file(path, kind="editions", suffix=".gpkg", digest=digest) == stored_as


def test_a_paper_says_under_which_name_it_came_without_its_folders() -> None:
    stored = filing.store_paper(PDF, kind="documents", filename="/etc/../通报.pdf", suffix=".pdf")
    assert (stored.filename, stored.size_bytes, stored.sha256) == ("通报.pdf", len(PDF), sha256(PDF).hexdigest())
    assert len(filing.store_paper(PDF, kind="documents", filename="长" * 300, suffix=".pdf").filename) == 200
    assert filing.open_stored(stored.stored_as).read_bytes() == PDF


@pytest.mark.parametrize(
    ("content", "suffix"),
    [
        (PDF, ".pdf"),
        (scans.picture("JPEG"), ".jpg"),
        (scans.picture("PNG"), ".png"),
        (scans.picture("TIFF"), ".tif"),
    ],
)
def test_a_scan_is_what_its_content_says_whatever_its_name(content: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / "批件.exe"
    path.write_bytes(content)
    stored = filing.store_scan(path, kind="approvals", filename="批件.exe")
    assert Path(stored.stored_as).suffix == suffix


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.4 x",
        b"%PDF-1.4\n%%EOF",
        PDF[: len(PDF) // 2],
        b"%PDF-1.4\nstartxref\n0\n%%EOF\n",
        b"\xff\xd8\xff...",
        b"\x89PNG\r\n\x1a\n...",
        scans.picture("PNG")[:60],
        b"II*\x00...",
        b"MM\x00*...",
    ],
)
def test_a_scan_that_nobody_can_open_is_refused_and_nothing_is_kept(content: bytes, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "批件.pdf"
    path.write_bytes(content)
    with pytest.raises(BadInput, match="打不开") as refused:
        filing.store_scan(path, kind="approvals", filename=path.name)
    assert refused.value.code == "scan_unreadable"
    assert files(home) == []


@pytest.mark.parametrize("content", [b"", b"MZ\x90\x00", b"<html>", b" %PDF-1.4", b"PK\x03\x04"])
def test_what_is_no_scan_is_refused_and_nothing_is_kept(content: bytes, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "批件.pdf"
    path.write_bytes(content)
    with pytest.raises(BadInput, match="PDF、JPG、PNG 或 TIFF"):
        filing.store_scan(path, kind="approvals", filename=path.name)
    assert files(home) == []


def test_a_scan_over_the_limit_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filing, "MAX_SCAN_BYTES", len(PDF) - 1)
    path = tmp_path / "批件.pdf"
    path.write_bytes(PDF)
    with pytest.raises(BadInput, match="30 MB"):
        filing.store_scanned(PDF, kind="approvals", filename="批件.pdf")
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail("it was read"))
    with pytest.raises(BadInput, match="30 MB"):
        filing.store_scan(path, kind="approvals", filename="批件.pdf")


def test_a_scan_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"找不到文件 批件\.pdf"):
        filing.store_scan(tmp_path / "批件.pdf", kind="approvals", filename="批件.pdf")


def test_a_stored_file_that_the_disk_has_lost_is_refused_with_its_name() -> None:
    with pytest.raises(BadInput, match=r"documents/ab/没有\.pdf"):
        filing.open_stored("documents/ab/没有.pdf")


def test_a_full_disk_leaves_no_half_of_a_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(NoRoom):
        filing.store_bytes(PDF, kind="documents", suffix=".pdf")
    assert files(home) == []
