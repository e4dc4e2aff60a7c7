"""Rejections of rows: one stable code and one sentence for people each, and the checks that every source shares."""

from __future__ import annotations

from datetime import datetime

from firepoints.sightings.readers.base import ParseOptions
from firepoints.sightings.readers.coordinates import METRES_FROM

REASONS = {
    "columns": "这一行的列数与表头不符",
    "bad_number": "坐标不是可以读懂的数字",
    "dotted": "用点隔开的三段数读不准（小数度还是度分秒）：小数度写成 41.0525，度分秒写成 41°3′9″ 或 41 3 9",
    "missing_coordinate": "缺少经度或纬度",
    "swapped": "经度与纬度像是写反了",
    "out_of_range": "坐标超出经纬度范围",
    "metres": "坐标像是米（高斯投影的平面坐标），不是经纬度的度数，请向来文单位要经纬度",
    "null_island": "坐标为 0,0，是仪器或软件的空值",
    "bad_date": "日期读不懂或不存在",
    "part_date": "日期没有写全，标题里也看不出是哪一年哪一月，请改成 年-月-日",
    "ambiguous_date": "日期分不清日和月，请写成 年-月-日 或在导入时指明顺序",
    "bad_time": "时间读不懂，应为时分（如 1305 或 13:05）",
    "ambiguous_time": "时间可以读成两种：是起止时段还是时差分不清，请写成 2024-11-03 13:21 或 13:21至13:26",
    "bad_range": "时段的结束早于开始",
    "long_span": "时段超过一天，看不出是哪一天",
    "two_zones": "同一处既写世界时又写北京时，分不清是哪个钟",
    "serial_1904": "工作簿用 1904 日期系统，文本里的日期序号分不清从哪年数起，请改成 年-月-日",
    "contradicting_times": "几列说的时间互相矛盾，请核对原表后改成一致",
    "future": "时间在将来",
    "outside_window": "时间不在标题写的监测时段内",
    "whole_degrees": "经度和纬度都只有整度，“分”“秒”可能在别的列，请指明列的对应关系",
    "swapped_date": "同一列里有写成文本的日期，Excel 可能把这一格的日和月读反了，请对照原表改成 年-月-日",
    "bad_satellite": "卫星代号不认识",
    "bad_kind": "类型应为 明火 或 黑斑",
    "bad_accuracy": "定位精度应为 0 到 100000 之间的米数",
    "bad_uuid": "编号（uuid）格式不对",
    "bad_category": "类别应为 督查、巡查、执法检查 或 自查；举报要逐件登记，不能在文件里导入",
    "bad_authority": "来源级别应为 国家、省、市、县、乡、村 或 其他",
}


def position_problem(lon: float, lat: float, options: ParseOptions) -> str:
    """The rejection code of a position in degrees, or "": swapped, out of range, or the 0,0 of an empty instrument."""
    if lon == 0 and lat == 0:
        return "null_island"
    if max(abs(lat), abs(lon)) >= METRES_FROM:
        return "metres"
    if abs(lat) > 90:
        return "swapped" if abs(lat) <= 180 and abs(lon) <= 90 else "out_of_range"
    if not -180 <= lon <= 180:
        return "out_of_range"
    if options.area and not inside(lon, lat, options.area) and inside(lat, lon, options.area):
        return "swapped"
    return ""


def inside(lon: float, lat: float, area: tuple[float, float, float, float]) -> bool:
    return area[0] <= lon <= area[2] and area[1] <= lat <= area[3]


def is_future(starts_at: datetime, options: ParseOptions) -> bool:
    """Whether an interval begins after `options.now`, with an hour's grace for clocks that run ahead."""
    return options.now is not None and starts_at > options.now + options.future_tolerance
