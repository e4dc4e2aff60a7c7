"""Names of counties as lists state them, so that they can be compared with the county that a position lies in."""

from __future__ import annotations

import re

from firepoints.sightings.readers.text import compact

PROVINCE = re.compile(r"^.{2,8}?(?:省|自治区|特别行政区)")
CITY = re.compile(r"^.{2,12}?(?:市|自治州|地区|盟|州)(?=.{2,})")
COUNTY_ABOVE = re.compile(r"^(.{1,15}?(?:县|区|旗|市))(?=.+(?:乡|镇|街道|办事处|苏木|村|社区|农场|林场)$)")
MUNICIPALITY = re.compile(r"^(?:北京|天津|上海|重庆)市?(?=.)")
PEOPLES = (
    "满族|蒙古族|朝鲜族|回族|锡伯族|达斡尔族|土家族|苗族|侗族|瑶族|壮族|彝族|藏族|羌族|畲族|黎族|傣族|白族|哈尼族|佤族|拉祜族|纳西族|"
    "景颇族|傈僳族|独龙族|怒族|普米族|布朗族|布依族|水族|仡佬族|仫佬族|毛南族|土族|撒拉族|东乡族|保安族|裕固族|哈萨克族|哈萨克|塔吉克|"
    "柯尔克孜|锡伯|察布查尔|维吾尔|各族|鄂伦春|鄂温克族|莫力达瓦|蒙古"
)
ENDING = re.compile(rf"(?:(?:{PEOPLES})*自治[县旗]|新区|矿区|林区|特区|[县市区旗])$")
RENAMED = {
    "东陵": "浑南", "新城子": "沈北", "北宁": "北镇", "铁法": "调兵山", "盖": "盖州", "新金": "普兰店", "复": "瓦房店",
    "锦": "凌海",
}  # fmt: skip
"""Retired names of Liaoning whose stem changed; where only 县 became 区 or 市 the stem is the same."""


def county_in(place: str) -> str:
    """The county of an address written in one (辽宁省本溪市桓仁满族自治县, or with spaces); "" where there is none."""
    parts = [part for part in re.split(r"[\s,，、/\-]+", place.strip()) if part]
    if len(parts) > 1:
        counties = [part for part in parts[1:] if re.search(r"[县区旗市]$", part)]
        return counties[-1] if counties else parts[-1]
    text = MUNICIPALITY.sub("", PROVINCE.sub("", compact(place)))
    text = CITY.sub("", text)
    below = COUNTY_ABOVE.match(text)
    return below.group(1) if below else text


def county_stem(name: str) -> str:
    """A county's name without what changes when 县 becomes 区 or 市: 宣化县 and 宣化区 are one, 桓仁县 is 桓仁满族自治县.

    A name of two characters keeps its ending (a 县 of one character is not told apart without it).
    """
    text = compact(name)
    stem = ENDING.sub("", text)
    stem = stem if len(stem) > 1 or not text else text
    return RENAMED.get(stem, stem)
