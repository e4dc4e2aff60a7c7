"""The fields of each kind of file: how offices spell their headings, what they are called, which must be there."""

from __future__ import annotations

from dataclasses import dataclass

LIST_FIELDS: dict[str, tuple[str, ...]] = {
    "seq_no": ("序号", "编号", "火点编号", "火点序号", "火情编号", "no", "no.", "id"),
    "date": (
        "卫星监测日期",
        "卫星观测日期",
        "火点发现日期",
        "监测日",
        "过境日",
        "日期",
        "监测日期",
        "观测日期",
        "过境日期",
        "卫星过境日期",
        "发现日期",
        "火点日期",
        "年月日",
        "date",
        "acq_date",
    ),
    "time": (
        "卫星监测时间",
        "卫星观测时间",
        "过境时刻",
        "监测时刻",
        "观测时刻",
        "火点监测时间",
        "时间",
        "过境时间",
        "卫星过境时间",
        "监测时间",
        "观测时间",
        "发现时间",
        "火点时间",
        "时刻",
        "北京时间",
        "time",
    ),
    "lon": (
        "中心点经度",
        "火点中心经度",
        "经度坐标",
        "东经度数",
        "经度",
        "中心经度",
        "火点经度",
        "东经",
        "lon",
        "long",
        "longitude",
        "x",
    ),
    "lat": (
        "中心点纬度",
        "火点中心纬度",
        "纬度坐标",
        "北纬度数",
        "纬度",
        "中心纬度",
        "火点纬度",
        "北纬",
        "lat",
        "latitude",
        "y",
    ),
    "lon_min": ("经度分", "经度(分)", "东经(分)"),
    "lon_sec": ("经度秒", "经度(秒)", "东经(秒)"),
    "lat_min": ("纬度分", "纬度(分)", "北纬(分)"),
    "lat_sec": ("纬度秒", "纬度(秒)", "北纬(秒)"),
    "position": ("经纬度", "坐标", "经纬度坐标", "中心经纬度", "地理坐标", "火点坐标", "中心坐标", "经纬度(°)"),
    "satellite": ("卫星", "卫星/传感器", "卫星传感器", "传感器", "卫星名称", "卫星类型", "数据源", "satellite"),
    "province": ("省", "省份", "省(区、市)", "省(自治区、直辖市)", "省名"),
    "city": (
        "地市名称",
        "市(地)",
        "市(州、地区)",
        "地区",
        "所属市",
        "所在市",
        "市级",
        "市",
        "地市",
        "设区市",
        "市(州)",
        "市(地、州、盟)",
        "市(州、盟)",
        "地级市",
        "市名",
        "城市",
    ),
    "county": (
        "县市区",
        "县(市)区",
        "县(区、市)",
        "县(市,区)",
        "所属县区",
        "所属区县",
        "所在县",
        "所在县区",
        "所在区县",
        "区县名称",
        "县区名称",
        "旗县区",
        "区(市)县",
        "区、县",
        "县、区",
        "县",
        "区县",
        "县区",
        "县(区)",
        "区(县)",
        "县(市、区)",
        "县(市、区、旗)",
        "市县",
        "县名",
        "区",
        "county",
    ),
    "township": (
        "乡镇名称",
        "所属乡镇",
        "所在乡镇",
        "街道(乡镇)",
        "乡镇、街道",
        "镇(乡)",
        "乡",
        "乡镇",
        "乡(镇)",
        "乡镇(街道)",
        "乡(镇、街道)",
        "镇",
        "街道",
        "乡镇街道",
        "township",
    ),
    "village": ("村", "行政村", "村(社区)", "村屯", "村名", "village"),
    "place": (
        "省市县",
        "省市县乡",
        "地理位置",
        "详细地址",
        "火点位置",
        "具体位置",
        "行政位置",
        "省地县",
        "位置",
        "地点",
        "地址",
        "所在地",
        "行政区",
        "行政区划",
    ),
    "pixels": (
        "火点数",
        "火点个数",
        "火点数(个)",
        "火点数量",
        "火点像元数",
        "像元数",
        "像素数",
        "火点像素数",
        "象素数",
    ),
    "confidence": ("可信度", "置信度", "confidence"),
    "land": ("土地类型", "土地利用类型", "地类", "土地利用", "下垫面"),
    "frp": ("frp", "辐射功率", "火点辐射功率", "火辐射功率"),
    "note": ("备注", "说明", "note", "remark"),
}

PATROL_FIELDS: dict[str, tuple[str, ...]] = {
    "found_at": ("found_at", "发现时间", "巡查时间", "时间", "日期", "发现日期", "巡查日期"),
    "lon": ("lon", "经度", "longitude", "中心经度", "东经"),
    "lat": ("lat", "纬度", "latitude", "中心纬度", "北纬"),
    "kind": ("kind", "类型", "种类", "火点类型", "发现类型", "性质"),
    "authority": ("authority", "级别", "来源", "来源级别", "巡查级别", "层级"),
    "finder": ("finder", "巡查人", "发现人", "巡查员", "巡查人员", "上报人"),
    "accuracy_m": ("accuracy_m", "accuracy", "精度", "定位精度", "定位精度(米)", "精度(米)"),
    "county": ("county", "县", "县区", "区县", "县(区)", "县(市、区)"),
    "note": ("note", "备注", "说明", "情况", "情况说明", "描述"),
    "uuid": ("uuid", "id", "编号", "唯一编号"),
}

FIRMS_FIELDS: dict[str, tuple[str, ...]] = {
    "latitude": ("latitude", "lat", "纬度"),
    "longitude": ("longitude", "lon", "long", "经度"),
    "acq_date": ("acq_date", "date", "日期", "观测日期"),
    "acq_time": ("acq_time", "time", "时间", "观测时间"),
    "satellite": ("satellite", "卫星"),
    "scan": ("scan",),
    "track": ("track",),
    "frp": ("frp",),
    "confidence": ("confidence", "可信度", "置信度"),
    "version": ("version",),
    "type": ("type",),
}

LABELS = {
    "seq_no": "序号", "date": "日期", "time": "时间", "lon": "经度", "lat": "纬度", "satellite": "卫星", "province": "省",
    "city": "市", "county": "县（区）", "township": "乡镇", "village": "村", "place": "位置（省市县连写）",
    "pixels": "像元数", "confidence": "可信度", "land": "土地类型", "frp": "辐射功率", "note": "备注",
    "position": "经纬度（一格里）", "lon_min": "经度的分", "lon_sec": "经度的秒", "lat_min": "纬度的分", "lat_sec": "纬度的秒",
    "found_at": "发现时间", "kind": "明火或黑斑", "authority": "来源级别", "finder": "发现人", "accuracy_m": "定位精度（米）",
    "uuid": "唯一编号", "latitude": "纬度", "longitude": "经度", "acq_date": "日期（世界时）", "acq_time": "时间（世界时）",
    "scan": "像元宽 scan", "track": "像元长 track", "version": "处理版本", "type": "热源类型 type",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fields:
    """What a reader looks for: the spellings of each field, and the required ones (each a tuple of alternatives)."""

    spellings: dict[str, tuple[str, ...]]
    required: tuple[tuple[str, ...], ...]


LIST = Fields(LIST_FIELDS, (("lon", "position"), ("lat", "position"), ("date", "time")))
PATROL = Fields(PATROL_FIELDS, (("found_at",), ("lon",), ("lat",), ("kind",)))
FIRMS = Fields(FIRMS_FIELDS, tuple((name,) for name in ("latitude", "longitude", "acq_date", "acq_time", "satellite")))
BY_PARSER = {"national_list": LIST, "provincial_list": LIST, "patrol": PATROL, "firms": FIRMS}


def said_of(group: tuple[str, ...]) -> str:
    """A required group in words for people: 日期或时间. That both axes may stand in one column goes without saying."""
    return "或".join(LABELS[name] for name in group if name != "position")
