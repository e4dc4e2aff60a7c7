"""Files that mean harm or were never lists: refused before they are unpacked, with the place and what to do."""

from __future__ import annotations

import io
import zipfile

import pytest
import xlsxwriter

from firepoints.sightings.readers import firms, lists
from firepoints.sightings.readers.base import ParseOptions, SourceError
from papers import archive
from papers.archive import check_xlsx
from tests.firepoints.sightings.readers.test_lists import HEADING, ROW, book, changed, with_sheet

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def refused(data: bytes, parser=lists, **options) -> SourceError:
    with pytest.raises(SourceError) as caught:
        parser.parse(data, options=ParseOptions(**options))
    assert caught.value.what
    assert caught.value.todo
    return caught.value


def packed(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name.replace("__", "/").replace("_xml", ".xml").replace("_bin", ".bin"), content)
    return out.getvalue()


def test_a_bomb_is_refused_by_the_directory_before_a_byte_is_inflated(monkeypatch):
    data = packed(xl__workbook_xml=b"<workbook/>", xl__worksheets__sheet1_xml=b"<worksheet>" + b" " * 30_000_000)
    monkeypatch.setattr(archive, "inflate", lambda *_: pytest.fail("it was unpacked"))
    assert refused(data).code == "bomb"


def test_a_directory_that_lies_about_sizes_does_not_help_a_bomb(monkeypatch):
    monkeypatch.setattr(archive, "MAX_INFLATED", 3_000_000)
    data = packed(xl__workbook_xml=b"<workbook/>", xl__worksheets__sheet1_xml=b" " * 9_000_000)
    told = (9_000_000).to_bytes(4, "little")
    assert data.count(told) == 2
    assert refused(data.replace(told, (1000).to_bytes(4, "little"))).code == "bomb"


def test_one_long_text_that_every_cell_refers_to_is_weighed_before_it_is_copied(monkeypatch):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet("清单")
        sheet.write_row(0, 0, HEADING)
        for row in range(1, 200):
            sheet.write_row(row, 0, [*changed()[:9], "字" * 30_000])
    data = out.getvalue()
    assert len(data) < 30_000
    check_xlsx(data, ParseOptions())
    monkeypatch.setattr(archive, "MAX_TEXT", 10_000_000)
    found = refused(data)
    assert (found.code, found.where) == ("bomb", "工作表 清单")


def test_a_long_text_that_only_one_cell_has_is_no_bomb(monkeypatch):
    monkeypatch.setattr(archive, "MAX_TEXT", 10_000_000)
    rows = [HEADING, changed(note="字" * 30_000), *(changed(seq=i, note="短") for i in range(400))]
    assert lists.parse(book(rows), options=ParseOptions()).rows == 401


def test_ten_thousand_columns_are_refused_with_the_name_of_their_sheet():
    found = refused(book([HEADING], [[f"列{i}" for i in range(10_000)]]))
    assert (found.code, found.where) == ("too_large", "工作表 表2")
    assert "列，超过 256 列" in found.what


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (packed(xl__workbook_bin=b"x"), "xlsb"),
        (packed(content_xml=b"x"), "ods"),
        (packed(word__document_xml=b"x"), "Word"),
        (packed(a_xml=b"x"), "没有工作表"),
        (OLE + "WordDocument".encode("utf-16-le"), "Word"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "密码"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "网页"),
        (b'<?xml version="1.0"?><Workbook/>', "XML"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("parser", [lists, firms])
def test_another_kind_of_file_under_the_name_of_a_table_is_called_what_it_is(parser, data, said):
    found = refused(data, parser)
    if parser is firms and said == "没有工作表":
        said = "没有 FIRMS 的数据文件"  # an order comes as a zip
    assert said in found.what or (parser is firms and found.code == "wrong_columns")


def test_formulas_and_links_are_read_as_the_values_that_they_show():
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet("表1")
        sheet.write_row(0, 0, HEADING)
        for row in (1, 2, 3):
            sheet.write_row(row, 0, ROW)
        sheet.write_formula(1, 7, "=125+0.3", None, 125.3)
        sheet.write_formula(2, 7, "=1/0", None, "#DIV/0!")
        sheet.write_url(3, 9, "http://example.invalid/", string="点此")
        sheet.write_formula(3, 4, "=cmd|' /C calc'!A0", None, "")
    result = lists.parse(out.getvalue(), options=ParseOptions())
    assert [(one.row_no, one.lon, one.note) for one in result.sightings] == [(2, 125.3, ""), (4, 125.3, "点此")]
    assert [(bad.row_no, bad.code, bad.column) for bad in result.rejected] == [(3, "missing_coordinate", "经度")]
    text = ",".join(HEADING) + "\n" + ",".join(map(str, changed(note='=HYPERLINK("http://x")', lon="=1+1")))
    assert [bad.code for bad in lists.parse(text.encode(), options=ParseOptions()).rejected] == ["bad_number"]


def test_entities_in_a_sheet_are_not_multiplied():
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    sheet = b'<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>'
    found = refused(with_sheet(laughs + sheet))
    assert "haha" not in str(found)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("parser", [lists, firms])
def test_every_encoding_that_offices_save_is_read(parser, encoding):
    heads = {lists: HEADING, firms: ["latitude", "longitude", "acq_date", "acq_time", "satellite", "备注"]}
    rows = {lists: ROW, firms: [41.3, 123.7, "2023-10-05", "0501", "N20", "秸秆"]}
    text = "\r\n".join(",".join(map(str, line)) for line in (heads[parser], rows[parser], rows[parser]))
    assert len(parser.parse(text.encode(encoding), options=ParseOptions()).sightings) == 2


def test_a_stray_null_byte_is_no_sign_of_utf_16_and_does_not_pass():
    text = ",".join(HEADING) + "\n" + ",".join(map(str, changed(note="a\x00b"))) + " "
    (one,) = lists.parse((text + " " * (len(text.encode()) % 2)).encode(), options=ParseOptions()).sightings
    assert (one.note, one.raw["备注"].strip()) == ("a\ufffdb", "a\ufffdb")


def test_a_line_of_ten_megabytes_costs_only_itself():
    head = "latitude,longitude,acq_date,acq_time,satellite"
    good = "41.3,123.7,2023-10-05,0501,N20"
    result = firms.parse("\n".join((head, good, "x" * 10_000_000, good)).encode(), options=ParseOptions())
    assert ([one.row_no for one in result.sightings], [bad.row_no for bad in result.rejected]) == ([2, 4], [3])
    assert refused(f"经度,纬度,日期\n125.3,41.2,{'x' * 10_000_000}".encode()).code == "broken"


def test_a_workbook_with_the_wrong_ending_is_read_by_its_content(tmp_path):
    path = tmp_path / "list.xls"
    path.write_bytes(book([HEADING, ROW]))
    assert len(lists.parse(path, options=ParseOptions()).sightings) == 1
