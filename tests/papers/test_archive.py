"""An .xlsx is measured before a reader of workbooks sees it: what it is, how far it inflates, how large its sheets are."""

from __future__ import annotations

import io
import zipfile

import pytest

from papers import archive
from papers.archive import check_xlsx, column_number
from papers.encodings import FileError
from papers.reading import Small, read_sheets
from tests.papers.archives import BOOK, LINKS, TWO_CELLS, book, packed

SMALL = Small(max_columns=10, max_cells=1000)


def refusal(data: bytes, limits: Small = SMALL) -> FileError:
    with pytest.raises(FileError) as refused:
        check_xlsx(data, limits)
    return refused.value


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_a_sound_workbook_passes_packed_or_stored(method: int) -> None:
    check_xlsx(book(method=method), SMALL)


CUT_OFF = {"header": b"PK\x03\x04", "tail": book()[:-40], "first": book()[:60], "text": b"no archive"}


# Named: an archive holds its time, and two workers must collect the same tests.
@pytest.mark.parametrize("data", CUT_OFF.values(), ids=CUT_OFF)
def test_an_archive_that_was_cut_off_is_broken(data: bytes) -> None:
    assert refusal(data).code == "broken"


def test_a_part_whose_bytes_are_no_deflate_stream_is_broken() -> None:
    data = bytearray(book(rows=TWO_CELLS * 40))
    at = data.index(b"xl/worksheets/sheet1.xml") + len("xl/worksheets/sheet1.xml")
    data[at : at + 12] = b"\xff" * 12
    assert refusal(bytes(data)).code == "broken"


def test_a_workbook_with_a_password_is_called_encrypted() -> None:
    data = bytearray(book())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    assert refusal(bytes(data)).code == "encrypted"


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("xl/workbook.bin", "xlsb"),
        ("word/document.xml", "Word"),
        ("ppt/presentation.xml", "演示文稿"),
        ("content.xml", "ods"),
        ("readme.txt", "没有工作表"),
    ],
)
def test_another_kind_of_archive_is_called_what_it_is(part: str, words: str) -> None:
    error = refusal(packed({part: b"x"}))
    assert error.code == "not_table"
    assert words in error.what


def test_a_bomb_is_refused_by_its_directory() -> None:
    error = refusal(book(rows=b" " * 30_000_000))
    assert (error.code, "压缩炸弹" in error.what) == ("bomb", True)


def test_an_archive_of_very_many_parts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_PARTS", 2)
    assert refusal(book()).code == "bomb"


def test_parts_are_counted_together_as_they_really_inflate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "check_directory", lambda parts: None)  # a directory that lies
    monkeypatch.setattr(archive, "MAX_INFLATED", 2_500_000)
    rows = TWO_CELLS + b" " * 2_000_000
    check_xlsx(book(rows=rows), SMALL)
    assert refusal(book(rows=rows, strings=b" " * 2_000_000)).code == "bomb"


def test_a_packing_that_nobody_uses_is_refused() -> None:
    assert refusal(book(method=zipfile.ZIP_BZIP2)).what == "工作簿的压缩方式不受支持"


def test_a_sheet_is_named_as_its_tab_says() -> None:
    error = refusal(book(rows=b'<row r="1"><c r="ZZ1"><v>1</v></c></row>'))
    assert (error.code, error.where) == ("too_large", "工作表 清单 & 附表")
    assert error.what == "有 702 列，超过 10 列"


def test_a_sheet_that_the_workbook_does_not_name_goes_by_its_part() -> None:
    wide = b'<worksheet><row r="1"><c r="ZZ1"/></row></worksheet>'
    error = refusal(packed({"xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet9.xml": wide}))
    assert error.where == "工作表 xl/worksheets/sheet9.xml"


@pytest.mark.parametrize(
    "rows",
    [
        b'<row r="200000"><c r="A200000"/></row>',
        b'<row r="999999999"/>',
        b"<row></row>" * 1001,
        b"<row>" + b"<c/>" * 11 + b"</row>",
        b'<x:row r="1"><x:c r="ZZ1"/></x:row>',
        b"<row r='1'><c r='ZZ1'/></row>",
    ],
)
def test_the_farthest_cell_or_row_decides_however_it_is_written(rows: bytes) -> None:
    assert refusal(book(rows=rows)).code == "too_large"


def test_rows_and_cells_without_a_reference_are_counted_one_after_another() -> None:
    check_xlsx(book(rows=(b"<row>" + b"<c/>" * 10 + b"</row>") * 100), SMALL)
    assert refusal(book(rows=(b"<row>" + b"<c/>" * 10 + b"</row>") * 101)).code == "too_large"


def test_a_cell_that_lies_over_two_pieces_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = archive.inflate

    def bytewise(data: bytes, part: zipfile.ZipInfo) -> object:
        for piece in whole(data, part):
            yield from (piece[at : at + 7] for at in range(0, len(piece), 7))

    monkeypatch.setattr(archive, "inflate", bytewise)
    monkeypatch.setattr(archive, "sheet_names", lambda data, parts: {})
    assert refusal(book(rows=TWO_CELLS + b'<row r="2"><c r="ZZ2"/></row>')).what.startswith("有 702 列")
    check_xlsx(book(strings=b"<sst><si><t>a</t></si><si><t>bb</t></si></sst>"), SMALL)


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_a_sheet_in_utf_16_could_hide_its_cells_and_is_refused(mark: bytes) -> None:
    error = refusal(book(sheet=mark + "<worksheet/>".encode("utf-16-le")))
    assert (error.code, error.what) == ("broken", "工作表的编码不受支持")


def shared(*numbers: int) -> bytes:
    cells = b"".join(b'<c t="s"><v>%d</v></c>' % number for number in numbers)
    return b"<row>" + cells + b"</row>"


@pytest.mark.parametrize("prefix", [b"", b"x:"])
def test_a_text_that_many_cells_repeat_is_weighed_as_often_as_it_is_repeated(
    prefix: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_TEXT", 20_000)
    si = b"<" + prefix + b"si>"
    strings = b"<sst>" + si + b"<t>" + b"a" * 5000 + b"</t></si>" + si + b"<t>b</t></si></sst>"
    check_xlsx(book(rows=shared(0, 1, 1, 1, 1, 1, 0), strings=strings), SMALL)
    error = refusal(book(rows=shared(0, 0, 0, 0, 0), strings=strings))
    assert (error.code, error.where) == ("bomb", "工作表 清单 & 附表")


def test_a_cell_that_names_no_shared_text_weighs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_TEXT", 100)
    check_xlsx(book(rows=shared(7, 8, 9), strings=b"<sst><si><t>" + b"a" * 90 + b"</t></si></sst>"), SMALL)


def test_a_workbook_that_names_a_part_which_is_not_there_is_checked_all_the_same() -> None:
    check_xlsx(packed({"xl/workbook.xml": BOOK, "xl/_rels/workbook.xml.rels": LINKS}), SMALL)


@pytest.mark.parametrize(("letters", "number"), [(b"A", 1), (b"Z", 26), (b"AA", 27), (b"XFD", 16384)])
def test_a_column_is_numbered_by_its_letters(letters: bytes, number: int) -> None:
    assert column_number(letters) == number


def archive_of(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as folder:
        for name in names:
            folder.writestr(name, b"x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("省厅/11月3日火点.xlsx", "说明.docx"), ("省厅/11月3日火点.xlsx", "解压", "一个一个导入")),
        (("fire_archive_J1V-C2_401.csv", "Readme.txt"), ("fire_archive_J1V-C2_401.csv", "来源 FIRMS")),
        (("fire_nrt_x.shp", "fire_nrt_x.dbf"), ("fire_nrt_x.shp", "来源 FIRMS")),
        (("doc.kml",), ("doc.kml", "要表格")),
        (("通报.pdf",), ("通报.pdf", "没有表格", "Excel 版")),
        (("word/document.xml",), ("Word 文档", "Excel 版")),
        ((), ("压缩包是空的",)),
        (("__MACOSX/._a.csv",), ("压缩包是空的",)),
    ],
)
def test_an_archive_that_is_no_workbook_is_named_by_what_it_holds(
    names: tuple[str, ...], words: tuple[str, ...]
) -> None:
    with pytest.raises(FileError) as refused:
        read_sheets(archive_of(*names), Small())
    text = str(refused.value)
    assert all(word in text for word in words)
    assert "另存为" not in text
    assert refused.value.code == "not_table"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'<?xml version="1.0"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document/></kml>', "KML"),
        (b'<?xml version="1.0"?><gpx version="1.1"></gpx>', "GPX"),
        (b'{"type": "FeatureCollection", "features": []}', "JSON"),
        (b'[{"latitude": 41.2}]', "JSON"),
    ],
)
def test_a_layer_given_for_a_list_is_named_and_not_to_be_saved_as_a_workbook(content: bytes, kind: str) -> None:
    with pytest.raises(FileError, match=f"这是 {kind}") as refused:
        read_sheets(content, Small())
    assert "另存为" not in str(refused.value)
