"""Patrol findings by file, page and API: one set of rules, every fault named with its field."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from firepoints.sightings.readers import patrol
from firepoints.sightings.readers.base import ParseOptions, Rejected, Sighting, SourceError

FINDING = {
    "found_at": "2023-10-05 13:30", "lon": 123.7, "lat": 41.2, "kind": "明火", "authority": "市",
    "finder": "演示甲", "accuracy_m": 12, "note": "地头", "uuid": "9D9BC2A4-3C43-4D3E-9B0A-000000000001",
}  # fmt: skip


def test_a_finding_of_the_api_is_beijing_time_unless_it_says_otherwise():
    found = patrol.patrol_finding(FINDING, options=ParseOptions())
    assert isinstance(found, Sighting)
    assert found.starts_at == datetime(2023, 10, 5, 5, 30, tzinfo=UTC)
    assert (found.kind, found.authority, found.accuracy_m) == ("fire", "city", 12)
    assert found.uuid == "9d9bc2a4-3c43-4d3e-9b0a-000000000001"
    again = patrol.patrol_finding({**FINDING, "found_at": "2023-10-05T05:30:00+00:00"}, options=ParseOptions())
    assert isinstance(again, Sighting)
    assert again.starts_at == found.starts_at


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lon": None}, "missing_coordinate"),
        ({"lon": [1]}, "bad_number"),
        ({"lon": True}, "bad_number"),
        ({"lon": 41.2, "lat": 123.7}, "swapped"),
        ({"found_at": "昨天"}, "bad_date"),
        ({"found_at": ""}, "bad_date"),
        ({"found_at": "2023-10-06 13:30"}, "future"),
        ({"kind": "烟"}, "bad_kind"),
        ({"kind": ""}, "bad_kind"),
        ({"authority": "外星"}, "bad_authority"),
        ({"accuracy_m": -1}, "bad_accuracy"),
        ({"accuracy_m": "约十米"}, "bad_accuracy"),
        ({"uuid": "一号"}, "bad_uuid"),
    ],
)
def test_a_faulty_finding_names_its_fault(changes, code):
    options = ParseOptions(now=datetime(2023, 10, 5, 8, tzinfo=UTC))
    found = patrol.patrol_finding({**FINDING, **changes}, options=options)
    assert isinstance(found, Rejected)
    assert found.code == code
    assert found.reason


def test_the_same_findings_read_alike_from_csv_json_and_chinese_headings():
    english = "found_at,lon,lat,kind,finder\n2023-10-05 13:30,123.7,41.2,fire,甲\n2023-10-05,123.8,41.3,scar,乙\n"
    chinese = "发现时间,经度,纬度,类型,巡查人\n2023年10月5日13时30分,123.7,41.2,明火,甲\n2023/10/5,123.8,41.3,黑斑,乙\n"
    rows = [
        {"found_at": "2023-10-05T13:30:00+08:00", "lon": 123.7, "lat": 41.2, "kind": "fire", "finder": "甲"},
        {"found_at": "2023-10-05", "lon": "123.8", "lat": "41.3", "kind": "scar", "finder": "乙"},
    ]
    files = (
        english.encode(),
        chinese.encode("gbk"),
        json.dumps({"findings": rows}).encode(),
        json.dumps(rows).encode(),
    )
    read = [patrol.parse(data, options=ParseOptions()) for data in files]
    facts = [[(s.starts_at, s.precision, s.lon, s.lat, s.kind, s.finder) for s in one.sightings] for one in read]
    assert facts[0] == facts[1] == facts[2] == facts[3]
    assert len(facts[0]) == 2


@pytest.mark.parametrize("data", [b"[1, {]", b'{"a": 1}', b"[" * 100_000, b"a,b\n1,2\n", b""])
def test_a_file_that_holds_no_findings_says_so(data):
    with pytest.raises(SourceError):
        patrol.parse(data, options=ParseOptions())


def test_a_json_row_that_is_no_object_is_quarantined():
    result = patrol.parse(json.dumps([FINDING, 5, None]).encode(), options=ParseOptions())
    assert (len(result.sightings), [bad.row_no for bad in result.rejected]) == (1, [2, 3])
