"""Telephone numbers as people write them in a cell: the number to keep, what else stands there, and what is wrong with it.

Pure. A number is a Chinese mobile one (11 digits from 13 to 19), a fixed line with its area code, a 400 or 800 number, or a
service number (110, 12345): anything else rings nowhere (C5: 保持24小时电话畅通).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

NONE: Final = frozenset(
    {"", "-", "--", "—", "——", "/", "\\", "无", "暂无", "没有", "空", "无电话", "未填", "待定", "0"}
)
_MARKS = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_COUNTRY = r"(?:(?:\+|00)?86[- ]?)?"
_OUTSIDE = r"(?:0[- ]?)?"  # dialled before a mobile number of another city
_NUMBER = re.compile(
    rf"(?<!\d){_COUNTRY}{_OUTSIDE}(?P<mobile>1[3-9]\d[- ]?\d{{4}}[- ]?\d{{4}})(?!\d)"
    rf"|(?<!\d){_COUNTRY}\(?(?P<area>010|02\d|000|0[3-9]\d{{2}})\)?[- ]?\d{{3,4}}[- ]?\d{{4}}(?!\d)"
    r"(?:(?:转|-|ext\.?) ?\d{1,6})?"
    r"|(?<!\d)(?P<free>[48]00[- ]?\d{3}[- ]?\d{4})(?!\d)"
    r"|(?<!\d)(?P<service>1\d{2}|1\d{4})(?!\d)"
)
_ROUNDED = re.compile(r"\d[Ee]\+?\d")
_DIGITS = re.compile(r"\d[\d -]*")
FORMS: Final = "手机号 11 位，固定电话带区号（0414-1234567）"


@dataclass(frozen=True, slots=True)
class PhoneText:
    """A cell read: the first `number` ("" for none), `rest` what else stands there, `refusal` why a number is none."""

    number: str = ""
    rest: str = ""
    refusal: str = ""


def read_phone(text: str) -> PhoneText:
    """The number of a cell. A number that cannot ring is refused, not kept; words and further numbers are the rest."""
    plain = _plain(text)
    if plain in NONE:
        return PhoneText()
    first = _NUMBER.search(plain)
    broken = _DIGITS.search(_NUMBER.sub(" ", plain))
    if first is None:
        return PhoneText(refusal=_refusal(broken[0].strip(" -") if broken else "", plain))
    rest = re.sub(r"\s+", " ", f"{plain[: first.start()]} {plain[first.end() :]}").strip(" /、,;|()")
    return PhoneText(_number(first), rest[:60], _refusal(broken[0].strip(" -"), "") if broken else "")


def same_number(phone: str, other: str) -> bool:
    """Whether two numbers are one, however they are written."""
    return digits_of(phone) == digits_of(other)


def digits_of(text: str) -> str:
    """The digits that are dialled: without the country's code and without marks."""
    number = read_phone(text).number or text
    return re.sub(r"\D", "", number)


def _plain(text: str) -> str:
    plain = _MARKS.sub("", unicodedata.normalize("NFKC", text))
    return re.sub(r"\s+", " ", re.sub("[‐-―−]", "-", plain)).strip()


def _number(match: re.Match[str]) -> str:
    if match["mobile"]:
        return re.sub(r"\D", "", match["mobile"])
    return re.sub(r"^(?:\+|00)?86[- ]?(?=\(?0)", "", match[0]).strip()


def _refusal(digits: str, plain: str) -> str:
    """What is wrong with a number, without the number: a reason is kept and read by others."""
    count = len(re.sub(r"\D", "", digits))
    if _ROUNDED.search(plain):
        return "号码丢了末几位数字：请把这一列设为文本后重填"
    if not count:
        return f"这不是电话号码：{FORMS}"
    if digits.startswith("1") and count == 11:
        return f"号码不是手机号段（13 至 19 开头）：{FORMS}"
    if digits.startswith("1") and 9 <= count <= 13:
        return f"号码有 {count} 位，手机号是 11 位"
    if count in (7, 8):
        return f"号码缺区号：{FORMS}"
    return f"这个号码拨不通：{FORMS}"
