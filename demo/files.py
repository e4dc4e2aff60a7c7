"""The month's sightings as the files in which they reach an office: FIRMS CSV, the province's workbook, patrol CSV."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import xlsxwriter

from core.clock import BEIJING
from demo.plan import Delivery, Plan
from demo.world import Seen, World

FIRMS_HEAD = (
    "latitude", "longitude", "bright_ti4", "scan", "track", "acq_date", "acq_time", "satellite", "instrument",
    "confidence", "version", "bright_ti5", "frp", "daynight",
)  # fmt: skip
LIST_HEAD = ("序号", "监测日期", "过境时间", "卫星", "县（区）", "乡镇", "经度", "纬度", "像元数", "可信度", "备注")
PATROL_HEAD = ("编号", "发现时间", "经度", "纬度", "类型", "级别", "巡查人", "定位精度（米）", "县（区）", "备注")
ISSUER = "省级卫星遥感监测（演示）"
NAMESPACE = uuid.UUID("8d0c6f0e-5d0a-5d57-9a55-6f1f0f5b2a10")
SPOILED = 5
"""The list with a row that nobody can read, counted from 0."""
Places = Callable[[float, float], tuple[str, str]]
"""(lon, lat) → names of county and township, as the province writes them beside the numbers."""


@dataclass(frozen=True, slots=True)
class DemoFile:
    """A file that arrives at a time. `period` and `list_no` belong to an official list."""

    name: str
    source: str
    arrives: datetime
    content: bytes
    issuer: str = ""
    period: str = ""
    list_no: str = ""


def files_of(world: World, plan: Plan, places: Places) -> list[DemoFile]:
    """All files in the order in which they arrive. The same world gives the same bytes."""
    files = [*_firms(world, plan), *_lists(world, plan, places), *_patrols(world, plan, places)]
    return sorted(files, key=lambda file: file.arrives)


def _firms(world: World, plan: Plan) -> Iterator[DemoFile]:
    pixels = world.of("N20", "N")
    for at, file in enumerate(plan.firms()):
        rows = [_firms_row(pixel) for pixel in pixels if file.covers(pixel.at.astimezone(UTC).date())]
        if at == 1:
            rows.append([*rows[-1][:1], "123.7x", *rows[-1][2:]])  # a download that was cut and mended by hand
        if at == 2:
            rows.append([*rows[0][:10], "2.0URT", *rows[0][11:]])  # an older processing version of a row already here
            rows = [[*row[:6], str(int(row[6])), *row[7:]] for row in rows]  # opened in Excel: the zeros are gone
        yield DemoFile(f"firms-viirs-{file.first}-{file.last}.csv", "firms", file.arrives, _csv(FIRMS_HEAD, rows))


def _firms_row(pixel: Seen) -> list[str]:
    at = pixel.at.astimezone(UTC)
    is_day = 6 <= pixel.at.astimezone(BEIJING).hour < 18
    return [
        f"{pixel.lat:.5f}", f"{pixel.lon:.5f}", f"{(334 if is_day else 301) + pixel.frp_mw:.2f}", f"{pixel.scan_km:.2f}",
        f"{pixel.track_km:.2f}", f"{at:%Y-%m-%d}", f"{at:%H%M}", pixel.channel, "VIIRS", "nominal", "2.0NRT",
        f"{296 if is_day else 281:.2f}", f"{pixel.frp_mw:.2f}", "D" if is_day else "N",
    ]  # fmt: skip


def _csv(head: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig" if any(ord(c) > 127 for c in "".join(head)) else "ascii")


def _told(sightings: Sequence[Seen], file: Delivery) -> list[Seen]:
    return [sighting for sighting in sightings if file.covers(sighting.at.astimezone(BEIJING).date())]


def _lists(world: World, plan: Plan, places: Places) -> Iterator[DemoFile]:
    for at, file in enumerate(plan.lists()):
        rows = [_list_row(no, sighting, places) for no, sighting in enumerate(_told(world.of("list"), file), start=1)]
        if at == 0:
            rows[0] = [*rows[0][:6], dms(float(rows[0][6]), "E"), dms(float(rows[0][7]), "N"), *rows[0][8:]]
        if at == SPOILED:
            rows.append(
                [
                    str(len(rows) + 1),
                    f"{file.last}",
                    "13:05",
                    "NOAA-20",
                    "",
                    "",
                    "12S.3471",
                    "41.2O",
                    "1",
                    "低",
                    "原表如此",
                ]
            )
        number = file.last.timetuple().tm_yday
        yield DemoFile(
            name=f"省级疑似火点清单-{file.last.year}年第{number}期.xlsx",
            source="provincial_list",
            arrives=file.arrives,
            content=_workbook(file, number, rows),
            issuer=ISSUER,
            period=f"{file.first}/{file.last}",
            list_no=f"演示{file.last.year}-{number}",
        )


def _list_row(at: int, sighting: Seen, places: Places) -> list[str]:
    local = sighting.at.astimezone(BEIJING)
    county, township = places(sighting.lon, sighting.lat)
    return [str(at), f"{local:%Y-%m-%d}", f"{local:%H:%M}", "NOAA-20", county, township, f"{sighting.lon:.5f}",
            f"{sighting.lat:.5f}", "1", "中", "演示数据"]  # fmt: skip


def dms(degrees: float, mark: str) -> str:
    """Degrees, minutes, seconds as some offices write them: 124°14'37.289"E. Good to a thousandth of a second (3 cm)."""
    whole = round(degrees * 3_600_000)
    return f"{whole // 3_600_000}°{whole // 60_000 % 60}'{whole % 60_000 / 1000:.3f}\"{mark}"


def _workbook(file: Delivery, number: int, rows: Sequence[Sequence[str]]) -> bytes:
    """The workbook as a province sends it: merged titles above, a total and a note below."""
    title = f"{file.first:%Y年%-m月%-d日}" + (f"至{file.last:%-m月%-d日}" if file.last > file.first else "")
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": "演示数据", "created": file.arrives.replace(tzinfo=None)})  # the format has no zone
    sheet = book.add_worksheet("火点清单")
    bold = book.add_format({"bold": True, "align": "center"})
    width = len(LIST_HEAD) - 1
    sheet.merge_range(0, 0, 0, width, f"全省秸秆焚烧疑似火点清单（第{number}期，演示数据）", bold)
    sheet.merge_range(1, 0, 1, width, f"{title}    坐标：WGS-84    时间：北京时间")
    for column, name in enumerate(LIST_HEAD):
        sheet.write_string(2, column, name, bold)
    for at, row in enumerate(rows, start=3):
        for column, text in enumerate(row):
            sheet.write_string(at, column, text)
    end = 3 + len(rows)
    sheet.write_string(end, 0, "合计")
    sheet.write_string(end, 1, f"{len(rows)} 个疑似火点")
    sheet.merge_range(end + 1, 0, end + 1, width, "注：本表为演示而编造，不是任何机关发布的清单。")
    sheet.set_column(0, width, 13)
    book.close()
    return buffer.getvalue()


def _patrols(world: World, plan: Plan, places: Places) -> Iterator[DemoFile]:
    kinds = {"fire": "明火", "scar": "黑斑", "self": "明火"}
    for file in plan.patrols():
        rows = []
        for sighting in _told(world.of(*kinds), file):
            local = sighting.at.astimezone(BEIJING)
            is_city = sighting.channel != "self"
            rows.append([
                str(uuid.uuid5(NAMESPACE, f"{sighting.fire}/{sighting.channel}")), f"{local:%Y-%m-%d %H:%M}", f"{sighting.lon:.5f}",
                f"{sighting.lat:.5f}", kinds[sighting.channel], "市" if is_city else "县",
                "演示乙" if is_city else "演示壬", "8", places(sighting.lon, sighting.lat)[0], sighting.note,
            ])  # fmt: skip
        yield DemoFile(f"市巡查发现-{file.last}.csv", "patrol", file.arrives, _csv(PATROL_HEAD, rows))
