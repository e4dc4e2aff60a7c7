"""A datum declared wrongly is found by the file's own stated counties, and said with figures."""

from __future__ import annotations

import numpy as np
import pytest

from firepoints.sightings.readers import lists
from firepoints.sightings.readers.base import ParseOptions
from firepoints.sightings.readers.datum_check import check_datum, one_sided
from firepoints.sightings.readers.places import county_in, county_stem
from grids.geo.datum import from_wgs84, to_wgs84
from tests.firepoints.sightings.readers.test_lists import HEADING, book, changed

AREA = (123.0, 40.9, 125.9, 41.6)
WIDTH = 0.05  # degrees of one county of the striped country below


def striped(lon, lat, datum):
    """A country of counties 0.05° wide, side by side: a shift of 550 m changes the county of one point in eight."""
    x, _ = to_wgs84(lon, lat, datum)
    return [f"{chr(0x7532 + int(at // WIDTH) % 10)}山县" if 123.2 <= at <= 125.7 else "" for at in np.asarray(x)]


def points(rows: int):
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(123.3, 125.6, rows), rng.uniform(41.0, 41.5, rows)
    return lon, lat, striped(lon, lat, "wgs84")


def check(lon, lat, stated, declared="wgs84"):
    return check_datum(lon=lon, lat=lat, declared=declared, stated=stated, county_of=striped, area=AREA)


def test_the_right_datum_fits_and_says_its_share():
    lon, lat, stated = points(200)
    found = check(lon, lat, [name.replace("县", "区") for name in stated])
    assert (found.verdict, found.better, found.figures[0].agree, found.in_box) == ("fits", "", 200, 200)
    assert "200 行里有 200 行（100.0%）" in found.words


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_positions_in_another_datum_than_declared_are_found_out_and_the_better_one_named(datum):
    lon, lat, stated = points(200)
    found = check(*from_wgs84(lon, lat, datum), stated)
    assert (found.verdict, found.better) == ("wrong", datum)
    assert found.only_better > 10 * max(found.only_declared, 1)
    assert str(found.only_better) in found.words
    assert check(*from_wgs84(lon, lat, datum), stated, declared=datum).verdict == "fits"


def test_noise_in_the_stated_counties_alone_raises_no_doubt():
    lon, lat, stated = points(300)
    noisy = ["某县" if i % 10 == 0 else name for i, name in enumerate(stated)]
    assert check(lon, lat, noisy).verdict == "fits"
    assert check(lon, lat, noisy, declared="cgcs2000").verdict == "fits"


def test_too_few_rows_or_no_names_are_not_known_rather_than_right():
    lon, lat, stated = points(4)
    assert check(lon, lat, stated).verdict == "unknown"
    assert check(lon, lat, [""] * 4).words.startswith("表中没有")
    assert check(*points(0)).verdict == "unknown"


def test_axes_turned_for_the_whole_file_are_found_by_the_box():
    lon, lat, stated = points(20)
    found = check(lat, lon, stated)
    assert (found.verdict, found.in_box, found.in_box_turned) == ("swapped", 0, 20)
    rows = [changed(seq=i, lon=41.2 + i / 100, lat=125.3) for i in range(5)]
    result = lists.parse(book([HEADING, *rows]), options=ParseOptions())
    assert [row.code for row in result.rejected] == ["swapped"] * 5
    assert lists.parse(book([HEADING, changed()]), options=ParseOptions()).rejected == ()


def test_a_county_beyond_ours_is_compared_only_where_it_comes_to_lie_inside():
    lon, lat, stated = points(3)
    far = check_datum(
        lon=np.append(lon, 120.0), lat=np.append(lat, 41.0), declared="wgs84", stated=[*stated, "新民市"], county_of=striped,
        counties=set(stated),
    )  # fmt: skip
    assert far.figures[0].compared == 3


def test_the_sign_test_is_exact():
    assert one_sided(5, 0) == 1 / 32
    assert one_sided(0, 0) == 1.0
    assert one_sided(1, 1) == 0.75
    assert (one_sided(2000, 10), one_sided(1000, 1000)) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("stated", "today"),
    [("宣化县", "宣化区"), ("桓仁县", "桓仁满族自治县"), ("大洼县", "大洼区"), ("辽中县", "辽中区"), ("北宁市", "北镇市"),
     ("喀喇沁左翼蒙古族自治县", "喀喇沁左翼"), ("平山", "平山区"), ("本溪县", "本溪满族自治县"), ("新城子区", "沈北新区")],
)  # fmt: skip
def test_a_retired_or_short_name_is_the_county_of_today(stated, today):
    assert county_stem(stated) == county_stem(today)
    assert county_stem("义县") == "义县"


@pytest.mark.parametrize(
    ("place", "county"),
    [("辽宁省本溪市桓仁满族自治县", "桓仁满族自治县"), ("辽宁省沈阳市新民市", "新民市"), ("辽宁 本溪 平山区", "平山区"),
     ("北京市海淀区", "海淀区"),
     ("辽宁省本溪市溪湖区火连寨街道", "溪湖区"),
     ("内蒙古自治区呼伦贝尔市陈巴尔虎旗", "陈巴尔虎旗"), ("", "")],
)  # fmt: skip
def test_the_county_is_taken_from_an_address_written_in_one(place, county):
    assert county_in(place) == county
