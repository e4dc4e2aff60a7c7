"""Files as nobody should send them: texts and workbooks built at random, and real-looking ones with damage."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime

import xlsxwriter
from hypothesis import strategies as st

FIRMS = "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,confidence,version,frp,daynight"
FIRMS_ROW = "41.30000,123.70000,330.1,0.49,0.4,2023-10-05,0501,N20,nominal,2.0NRT,2.41,D"
LIST = "序号,监测日期,过境时间,卫星,市,县,经度,纬度,备注"
LIST_ROW = "1,2023-10-05,13:05,NOAA-20,本溪市,桓仁县,125°18'00\",41.2,"
PATROL = "发现时间,经度,纬度,类型,级别,发现人,精度,uuid"
PATROL_ROW = "2023-10-05 10:20,123.7,41.3,明火,市,张巡查,8,"
HIMAWARI = "# 2025 12  9 19  0 UTC\n# ID,Year,Month,Day,Time(UTC),Lat,Lon,Area(km^2),Volcano,Level,Reliability,FRP(Wm^-2),QF,Hot(ID)"
HIMAWARI_ROW = "1,2025,12,9,1902,41.14,122.98,3.73,0,2,1,3.75,0,1"
FY4 = (
    "2019年11月22日13时00分（北京时）\n"
    "火点编号 像元火区编号 可信度 纬度 经度 像素面积（平方公里） 明火区面积(公顷) FRP 强度等级 土地类型 省地县"
)
FY4_ROW = "1 1 80 41.20 123.70 4.2 0.15 12.5 2 农田 辽宁省本溪市溪湖区"
KINDS = {
    "firms": (FIRMS, FIRMS_ROW, ","),
    "lists": (LIST, LIST_ROW, ","),
    "patrol": (PATROL, PATROL_ROW, ","),
    "himawari": (HIMAWARI, HIMAWARI_ROW, ","),
    "fy4": (FY4, FY4_ROW, " "),
}
TITLES = [
    "全省秸秆焚烧火点清单", "监测时段:11月3日17时至11月4日17时", "2023年11月", "统计时段：前一日17时至当日17时", "12月31日17时—1月1日17时",
    "2023-11-03 17:00 至 2023-11-04 17:00", "合计,,12(3)", "注：以上为疑似火点",
    ",,,,(°),(°)", "2月30日17时至2月31日17时", "99月99日99时至0日0时",
]  # fmt: skip
ENCODINGS = ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]

cell = st.one_of(
    st.sampled_from(
        [
            "", "41.3", "123.7", "-200", "nan", "inf", "1e400", "4１.3", "116°14'37.289\"E", "41°12'N", "116°99'", "2023-10-05",
            "27/10/2023", "10/11/2023", "10/11/23", "2023年10月5日", "十月五日", "二〇二三年十月五日", "45226", "45226.55", "9999-99-99",
            "0501", "7", "24:61", "0.02986", "12:43 AM", "下午1点", "N20", "1", "明火",
            "合计", "注：", "2.0NRT", "nominal", '"', "\x00", "\r",
            "\n", "\t", ";", "\ufeff", "９" * 400, "=1+1", "=HYPERLINK(\"http://x\",\"y\")", "@SUM(A1)", "1(1)", "125.3,41.2", "北纬41.2",
            "\u2028", "\x1a", "\ud800".encode("utf-8", "replace").decode(), "A" * 3000,
            "0", "-0", "１２５．３", "纬度", "经度", "#", "度", "分",
        ]
    ),
    st.text(max_size=12),
    st.floats().map(str),
    st.datetimes().map(str),
)  # fmt: skip


@st.composite
def texts(draw: st.DrawFn, kind: str) -> bytes:
    """A file of one kind: titles, its heading, good rows with some cells changed, in any encoding, then damaged or not."""
    heading, row, separator = KINDS[kind]
    lines = draw(st.lists(st.sampled_from(TITLES), max_size=2))
    if draw(st.integers(0, 9)):
        lines += [change(draw, heading, separator)] if not draw(st.integers(0, 4)) else [heading]
    for _ in range(draw(st.integers(0, 6))):
        lines.append(change(draw, row, separator) if draw(st.booleans()) else row)
    lines += draw(st.lists(st.one_of(st.sampled_from(TITLES), cell), max_size=2))
    text = draw(st.sampled_from(["\n", "\r\n", "\r"])).join(lines)
    return damaged(draw, text.encode(draw(st.sampled_from(ENCODINGS)), "replace"))


def change(draw: st.DrawFn, line: str, separator: str) -> str:
    """A line with one to three cells replaced, dropped or doubled."""
    cells = line.split(separator)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(cells) - 1))
        how = draw(st.integers(0, 5))
        if how == 0 and len(cells) > 1:
            cells.pop(at)
        elif how == 1:
            cells.insert(at, draw(cell))
        else:
            cells[at] = draw(cell)
    return separator.join(cells)


def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes as they are (mostly), cut off, or with some of them overwritten, dropped or doubled."""
    how = draw(st.integers(0, 7))
    if how > 3 or not data:
        return data
    at = draw(st.integers(0, 999_999)) * len(data) // 1_000_000  # the draw must not depend on how well a zip packs
    if how == 0:
        return data[:at]
    noise = draw(st.binary(max_size=8))
    if how == 1:
        return data[:at] + noise + data[at + len(noise) :]
    if how == 2:
        return data[:at] + noise + data[at:]
    return data[:at] + data[at + draw(st.integers(1, 20)) :]


excel = st.one_of(
    cell.filter(lambda text: len(text) < 500),
    st.floats(-1e9, 1e9),
    st.booleans(),
    st.datetimes(datetime(1901, 1, 1), datetime(2200, 1, 1)),
    st.sampled_from([41.3, 123.7, 45204, 45204.55, 0.5, 501]),
)


@st.composite
def workbooks(draw: st.DrawFn, kind: str) -> bytes:
    """A workbook of one to three sheets, with covers, formulas and links; then damaged in its parts or as a whole."""
    heading, row, separator = KINDS[kind]
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "remove_timezone": True}) as book:
        book.set_properties({"created": datetime(2020, 1, 1)})
        stamp = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for _ in range(draw(st.integers(1, 2))):
            sheet = book.add_worksheet()
            at = 0
            for line in draw(st.lists(st.sampled_from(TITLES), max_size=2)):
                sheet.write(at, 0, line)
                at += 1
            if draw(st.integers(0, 5)):
                sheet.write_row(at, 0, heading.split("\n")[-1].lstrip("# ").split(separator))
                at += 1
            for _ in range(draw(st.integers(0, 4))):
                cells: list[object] = list(row.split(separator))
                for column in draw(st.lists(st.integers(0, len(cells)), max_size=3)):
                    cells[column : column + 1] = [draw(excel)]
                write(sheet, at, cells, stamp)
                at += 1
    data = out.getvalue()
    return inside_damaged(draw, data) if not draw(st.integers(0, 3)) else damaged(draw, data)


def write(sheet: xlsxwriter.worksheet.Worksheet, at: int, cells: list[object], stamp: object) -> None:
    for column, value in enumerate(cells):
        if isinstance(value, datetime):
            sheet.write_datetime(at, column, value, stamp)
        else:
            sheet.write(at, column, value)


def inside_damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """The archive packed again with one of its parts damaged, so that the damage reaches the XML behind the checksum."""
    source, out = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    names = source.namelist()
    chosen = draw(st.sampled_from(names))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            content = source.read(name)
            archive.writestr(zipfile.ZipInfo(name), damaged(draw, content) if name == chosen else content)
    return out.getvalue()
