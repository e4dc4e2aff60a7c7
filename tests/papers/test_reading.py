"""Rows of a workbook or a CSV, and the refusal of what is neither."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest
import python_calamine
import xlsxwriter

from papers import reading
from papers.encodings import FileError
from papers.reading import Small, read_csv, read_sheets, read_workbook
from tests.papers.archives import book

LIMITS = Small()
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def refusal(source: bytes | str | Path, limits: Small = LIMITS) -> FileError:
    with pytest.raises(FileError) as refused:
        read_sheets(source, limits)
    return refused.value


def written(*rows: list[object]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet("清单")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        workbook.add_worksheet("空表")
        workbook.add_chartsheet("图")
    return out.getvalue()


def test_a_workbook_gives_its_sheets_by_name_with_blank_rows_in_their_places() -> None:
    sheets = read_sheets(written(["序号", "县"], [], [1, "甲县"]), LIMITS)
    assert [sheet.name for sheet in sheets] == ["清单", "空表"]
    assert sheets[0].rows == [["序号", "县"], ["", ""], [1.0, "甲县"]]


def test_dates_numbers_and_truths_keep_their_kind() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_datetime(0, 0, date(2025, 10, 12))
        sheet.write_boolean(0, 1, True)
        sheet.write_number(0, 2, 0.5)
    assert read_sheets(out.getvalue(), LIMITS)[0].rows == [[date(2025, 10, 12), True, 0.5]]


def test_a_formula_is_the_value_that_it_shows() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as workbook:
        workbook.add_worksheet().write_formula(0, 0, "=1+1", None, 2)
    assert read_sheets(out.getvalue(), LIMITS)[0].rows == [[2.0]]


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "名单.csv"
    path.write_bytes("序号,县\n1,甲县\n".encode("gbk"))
    assert read_sheets(path, LIMITS) == read_sheets(str(path), LIMITS) == [
        reading.Sheet("", [["序号", "县"], ["1", "甲县"]])
    ]  # fmt: skip


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "，"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_a_csv_is_read_whatever_parts_its_cells_and_encodes_them(delimiter: str, encoding: str) -> None:
    text = delimiter.join(("序号", "县（区）", "村")) + "\n" + delimiter.join(("1", "甲县", "")) + "\n"
    assert read_csv(text.encode(encoding), LIMITS).rows == [["序号", "县（区）", "村"], ["1", "甲县", ""]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_may_end_as_any_system_ends_it(end: str) -> None:
    assert read_csv(end.join(("a,b", "1,2", "")).encode(), LIMITS).rows == [["a", "b"], ["1", "2"]]


def test_a_quoted_cell_holds_commas_and_line_breaks() -> None:
    assert read_csv(b'a,b\n"1,5","x\ny"\n', LIMITS).rows == [["a", "b"], ["1,5", "x\ny"]]


def test_what_looks_like_a_formula_in_a_csv_is_text() -> None:
    assert read_csv(b"a,b\n=1+1,@cmd\n", LIMITS).rows[1] == ["=1+1", "@cmd"]


def test_a_line_of_too_many_cells_is_named() -> None:
    error = refusal(b"a,b\n1,2,3\n", Small(max_columns=2))
    assert (error.code, error.where, error.what) == ("too_large", "第 2 行", "有 3 列，超过 2 列")


def test_a_cell_longer_than_any_cell_is_a_quote_that_was_never_closed() -> None:
    error = refusal(b'a,b\n"' + b"x" * 140_000)
    assert (error.code, error.where) == ("broken", "第 2 行")


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"%PDF-1.7 ...", "not_table", "PDF"),
        (b"  <html><table></table></html>", "not_table", "网页"),
        (OLE + "WordDocument".encode("utf-16-le"), "not_table", "Word"),
        (OLE + "PowerPoint Document".encode("utf-16-le"), "not_table", "演示文稿"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "encrypted", "密码"),
        (OLE + "Workbook".encode("utf-16-le"), "broken", "读不出来"),
        (OLE + "WordDocument".encode("utf-16-le") + "Workbook".encode("utf-16-le"), "broken", "读不出来"),
        (b"PK\x03\x04 and nothing", "broken", "损坏"),
        (b"", "empty_file", "空的"),
        (b"\xff\xff\xff\xff", "encoding", "编码"),
    ],
)
def test_what_is_no_table_is_called_what_it_is(data: bytes, code: str, words: str) -> None:
    error = refusal(data)
    assert error.code == code
    assert words in error.what


def test_a_file_over_the_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Small(max_bytes=10)
    assert refusal(b"a" * 11, limits).code == "too_large"
    path = tmp_path / "大.csv"
    path.write_bytes(b"a" * 11)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail("it was read"))
    assert refusal(path, limits).code == "too_large"


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    error = refusal(tmp_path / "没有.xlsx")
    assert (error.code, error.what) == ("unreadable", "文件打不开")
    assert "No such file" in error.todo


def test_an_archive_is_measured_before_the_reader_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "read_workbook", lambda *_: pytest.fail("the reader saw it"))
    assert refusal(book(rows=b'<row r="1"><c r="XFD1"/></row>')).code == "too_large"


def test_an_old_workbook_is_measured_when_it_was_read() -> None:
    with pytest.raises(FileError, match="有 3 列") as refused:
        read_workbook(written(["a", "b", "c"]), Small(max_columns=2))
    assert refused.value.where == "工作表 清单"


class Panic(BaseException):
    """As the reader's own language panics: no Exception."""


@pytest.mark.parametrize(
    ("error", "code"),
    [(python_calamine.PasswordError("x"), "encrypted"), (Panic("x"), "broken"), (ValueError("x"), "broken")],
)
def test_whatever_the_reader_raises_is_a_refusal(
    error: BaseException, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(python_calamine, "CalamineWorkbook", _Raising(error))
    with pytest.raises(FileError) as refused:
        read_workbook(b"", LIMITS)
    assert refused.value.code == code


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(), MemoryError()])
def test_what_ends_the_process_is_no_refusal(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_calamine, "CalamineWorkbook", _Raising(error))
    with pytest.raises(type(error)):
        read_workbook(b"", LIMITS)


class _Raising:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def from_filelike(self, file: object) -> object:
        raise self.error
