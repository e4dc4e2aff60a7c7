"""A file that a page hands out: saved under its own name, never shown inside the page."""

from pathlib import Path
from urllib.parse import unquote

from papers.downloads import BY_SUFFIX, DOCX, SCANS, XLSX, download
from papers.filing import SIGNATURES


def test_a_download_is_an_attachment_that_no_browser_interprets_or_keeps() -> None:
    response = download(b"content", "汇总表.xlsx", XLSX)
    assert response.content == b"content"
    assert response["Content-Type"] == XLSX
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"


def test_a_chinese_name_reaches_every_browser() -> None:
    disposition = download(b"", "2025年10月批次-函.docx", DOCX)["Content-Disposition"]
    assert disposition.startswith("attachment; filename*=utf-8''")
    assert unquote(disposition.partition("''")[2]) == "2025年10月批次-函.docx"


def test_a_name_with_quotes_or_line_breaks_adds_no_header() -> None:
    for name in ('a".docx', "a\r\nSet-Cookie: x=1.docx"):
        disposition = download(b"", name, DOCX)["Content-Disposition"]
        assert "\r" not in disposition
        assert "\n" not in disposition


def test_every_kind_that_is_kept_or_made_has_its_type() -> None:
    assert {Path(f"x{suffix}").suffix for suffix in SIGNATURES.values()} == SCANS.keys()
    assert all("/" in kind for kind in {**BY_SUFFIX, **SCANS}.values())
