"""The name of a list, read from its file's name and title: issuer, period, number. Pure; nothing is made up.

「省级疑似火点清单-2026年第276期.xlsx」, 「辽宁省生态环境厅秸秆焚烧火点通报（2023年10月7日 第28号）」.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from firepoints.sightings.readers.text import plain

NUMBER = re.compile(r"第\s*(\d{1,4})\s*(?:期|号|次|批)")
NUMBER_OF_YEAR = re.compile(r"[〔\[(](20\d{2})[〕\])]\s*(?:第\s*)?(\d{1,4})\s*[期号]")
DAY = re.compile(r"(?<!\d)(20\d{2})[年./-]?(0?[1-9]|1[0-2])[月./-]?(0[1-9]|[12]\d|3[01]|[1-9])(?:日|(?!\d))")
MONTH = re.compile(r"(?<!\d)(20\d{2})年(0?[1-9]|1[0-2])月")
YEAR = re.compile(r"(?<!\d)(20\d{2})年")
OFFICES = "生态环境部|生态环境厅|生态环境局|环保厅|环境保护厅|应急管理厅|气象局|监测中心|遥感中心|卫星中心"
ISSUER = re.compile(rf"[一-龥]{{2,20}}?(?:{OFFICES})")
ISSUER_TAIL = re.compile(r"^(?:监测|卫星|遥感|信息|应用)*(?:中心|总站)")


class Said(NamedTuple):
    """Issuer, period and number of a list, each empty where nothing says it."""

    issuer: str = ""
    period: str = ""
    list_no: str = ""


def said_of_list(texts: Iterable[str], known_issuers: Iterable[str] = ()) -> Said:
    """Issuer, period and number, each from the first text that says it. An issuer that is known already is preferred, the
    longest first, so that one office keeps one name."""
    issuers = sorted({issuer for issuer in known_issuers if issuer.strip()}, key=lambda issuer: (-len(issuer), issuer))
    list_name = Said()
    for text in texts:
        line = plain(text)
        period, number = _numbered(line)
        list_name = Said(
            list_name.issuer or _issuer(line, issuers), list_name.period or period, list_name.list_no or number
        )
    return list_name


def _numbered(line: str) -> tuple[str, str]:
    """(period, number). A number begins anew each year, so the year beside it is the period, not the day."""
    if of_year := NUMBER_OF_YEAR.search(line):
        return f"{of_year[1]}年", str(int(of_year[2]))
    number = NUMBER.search(line)
    if number:
        year = YEAR.search(line) or DAY.search(line)
        return (f"{year[1]}年" if year else ""), str(int(number[1]))
    if day := DAY.search(line):
        return f"{day[1]}-{int(day[2]):02d}-{int(day[3]):02d}", ""
    month = MONTH.search(line)
    return (f"{month[1]}-{int(month[2]):02d}" if month else ""), ""


def _issuer(line: str, issuers: list[str]) -> str:
    for issuer in issuers:
        if issuer in line:
            return issuer
    match = ISSUER.search(line)
    if not match:
        return ""
    tail = ISSUER_TAIL.match(line[match.end() :])
    return match[0] + (tail[0] if tail else "")
