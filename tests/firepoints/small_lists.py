"""A small list and what is done with it, for the tests of imports."""

import io

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from firepoints.sightings.importing.reading import ListName
from tests.factories import points as make
from tests.factories.city import IN_WEST

HEAD = "序号,县区,经度,纬度,日期,时间,卫星"
LIST = ListName("省厅", "", "28")


def line(seq: int, at=IN_WEST, time="13:05", county="甲县") -> str:
    return f"{seq},{county},{at[0]},{at[1]},2023-10-07,{time},NOAA-20"


def near(metres: float) -> tuple[float, float]:
    """A place so far north of IN_WEST."""
    return IN_WEST[0], round(IN_WEST[1] + metres / 111_132, 6)


def upload(client, content: str, **given):
    file = SimpleUploadedFile("怪表.csv", content.encode(), "text/csv")
    return client.post(reverse("imports:new"), {"file": file, "source": "provincial_list", **given}, follow=True)


def recognised(city, point):
    make.take(point, "dispatch", city.clerk)
    make.take(point, "report", city.west, conclusion="true", evidence=make.uuids(make.photo(point, city.west)))
    return make.take(point, "recognise", city.recogniser, reason="证据充分")


def workbook(*rows: tuple) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "清单"
    sheet.append(["2023年第28期火点清单"])
    sheet.merge_cells("A1:G1")
    sheet.append(["序号", "县区", "经度", "纬度", "日期", "核实结果", "备注"])
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def excluded(city, point):
    make.take(point, "dispatch", city.clerk)
    pieces = [*(make.photo(point, city.west) for _ in range(3)), make.track(point, city.west, rows=7)]
    told = {"conclusion": "false", "cause": "grass", "signed_by": "演示科长", "evidence": make.uuids(*pieces)}
    make.take(point, "report", city.west, **told)
    return make.take(point, "exclude", city.recogniser, reason="确系荒草")
