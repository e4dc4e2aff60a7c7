"""What happens in the demonstration's month: every fire, who saw it, and how its story goes. Data only.

October 2025 is told to its end (the batch is sent to finance); early November is left open, so that there is work to do.
Days are Beijing dates. A story is a list of verbs; what each verb does is in demo/services/verbs.py, how long after the
verb before it comes is in DELAY_H.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from journal.clock import BEIJING

SEED = 20251001
MONTH = "2025-10"
ROOT = "2105"
PINGSHAN, XIHU, MINGSHAN, NANFEN, BENXI, HUANREN = "210502", "210503", "210504", "210505", "210521", "210522"

# Hours after the step before, or after the file that brought the fire.
DELAY_H = {
    "dispatch": 1.0,
    "report": 14.0,
    "report_false": 18.0,
    "return": 5.0,
    "dispute": 8.0,
    "mark_cross": 2.0,
    "settle_jointly": 48.0,
    "verify_own": 4.0,
    "recognise": 20.0,
    "exclude": 22.0,
    "notify": 3.0,
    "waive": 30.0,
    "lapse": 5 * 24 + 0.1,
    "object": 40.0,
    "close": 24.0,
}

_COUNTED = ("dispatch", "report", "recognise", "notify")
WAIVED = (*_COUNTED, "waive")
LAPSED = (*_COUNTED, "lapse")
CONTESTED = (*_COUNTED, "object")
OWN = ("verify_own", "recognise", "notify", "waive")
RETURNED = ("dispatch", "report", "return", "report", "recognise", "notify", "lapse")
DISPUTED = ("dispatch", "dispute", "settle_jointly", "recognise", "notify", "lapse")
CROSS = ("mark_cross", "settle_jointly", "recognise", "notify", "lapse")
NEGATIVE = ("dispatch", "report_false", "exclude")
SELF_FOUND = ("dispatch", "report", "exclude")
CLOSED = ("close",)
UNTOUCHED: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """One fire. `where` is a county code, or two joined by "|": a pixel on their border, settled on the first.

    `seen` lists channels: N20 and N (FIRMS, +n more pixels as "N20+1"), list (provincial), fire and scar (the city's
    patrol), self (the county's own finding). `scar` is found a day after the day.
    """

    key: str
    where: str
    day: date
    seen: tuple[str, ...]
    verbs: tuple[str, ...]
    note: str = ""

    @property
    def county(self) -> str:
        """Who is charged when it is counted."""
        return self.where.split("|")[0]


def _story(key: str, where: str, month: int, day: int, seen: str, verbs: tuple[str, ...], note: str = "") -> Story:
    return Story(key, where, date(2025, month, day), tuple(seen.split()), verbs, note)


STORIES = (
    _story("B1", BENXI, 10, 2, "N20+1 N list", WAIVED, "玉米茬地连片焚烧"),
    _story("H1", HUANREN, 10, 3, "N20+1 N+1 list fire", WAIVED, "稻茬焚烧，卫星与巡查同时发现"),
    _story("L1", BENXI, 10, 4, "N20", CLOSED, "企业食堂烟囱，非秸秆"),
    _story("B2", BENXI, 10, 5, "list", LAPSED, "路边秸秆堆焚烧"),
    _story("M1", MINGSHAN, 10, 6, "N20 list", WAIVED, "大棚旁秸秆焚烧"),
    _story("B5", BENXI, 10, 7, "N20 list", NEGATIVE, "坟头祭扫引燃荒草，不是秸秆"),
    _story("B3", BENXI, 10, 8, "N20+1 fire", OWN, "市巡查队现场发现明火"),
    _story("H2", HUANREN, 10, 9, "list", LAPSED, "山脚玉米地焚烧"),
    _story("XM", f"{XIHU}|{MINGSHAN}", 10, 10, "list", CROSS, "像元跨溪湖、明山两区"),
    _story("N1", NANFEN, 10, 11, "self", SELF_FOUND, "区里自查发现并已扑灭"),
    _story("H4", HUANREN, 10, 12, "N20 N list", DISPUTED, "县里认为在邻县一侧"),
    _story("B4", BENXI, 10, 13, "N20 scar", OWN, "线索次日巡查发现黑斑"),
    _story("L2", HUANREN, 10, 14, "N", CLOSED, "生物质锅炉，非露天焚烧"),
    _story("X1", XIHU, 10, 15, "N20 N list", LAPSED, "稻田焚烧"),
    _story("B6", BENXI, 10, 16, "list", RETURNED, "首次照片看不出田块，退回补证"),
    _story("H3", HUANREN, 10, 18, "fire", OWN, "巡查发现明火"),
    _story("M2", MINGSHAN, 10, 19, "scar", OWN, "新鲜黑斑约两亩"),
    _story("L3", HUANREN, 10, 20, "N20", UNTOUCHED),
    _story("N2", NANFEN, 10, 22, "list", ("dispatch", "report_false"), "垃圾堆阴燃"),
    _story("L4", XIHU, 10, 23, "N", UNTOUCHED),
    _story("B7", BENXI, 10, 24, "N20+1 list", LAPSED, "坡耕地焚烧"),
    _story("H5", HUANREN, 10, 26, "list", ("dispatch", "report"), "玉米秸秆堆焚烧"),
    _story("B8", BENXI, 10, 27, "N20 list", CONTESTED, "县里称系烧荒"),
    _story("M3", MINGSHAN, 10, 28, "list", ("dispatch",)),
    _story("H6", HUANREN, 10, 29, "list", ("dispatch", "report", "recognise"), "河滩地焚烧"),
    _story("L5", NANFEN, 10, 30, "N20", UNTOUCHED),
    _story("O5", XIHU, 11, 1, "N20 list", ("dispatch", "report"), "稻茬零星焚烧"),
    _story("O1", BENXI, 11, 2, "N20 N list", ("dispatch",)),
    _story("O2", HUANREN, 11, 3, "list", UNTOUCHED),
    _story("L6", BENXI, 11, 3, "N20", UNTOUCHED),
    _story("O3", f"{BENXI}|{HUANREN}", 11, 4, "list", ("mark_cross",), "像元跨两个自治县"),
    _story("O4", MINGSHAN, 11, 5, "fire", UNTOUCHED),
)
# What satellites see besides and nobody has looked at yet: leads, which alone charge nothing.
LEADS = tuple(
    _story(f"G{at}", (HUANREN, BENXI, MINGSHAN, BENXI)[at % 4], 10, 2 + 2 * at, "N20+1" if at % 3 else "N", UNTOUCHED)
    for at in range(14)
)
"""Of STORIES, fourteen become counted and final in October: six in 本溪县, four in 桓仁县, two in 明山区, two in 溪湖区."""


@dataclass(frozen=True, slots=True)
class Works:
    """A fixed source of heat: `nightly` is the chance of a hit for each satellite and night."""

    key: str
    lon: float
    lat: float
    nightly: float
    verbs: tuple[str, ...] = ()
    note: str = ""


STEEL_WORKS = (
    Works("SA", 123.74, 41.28, 0.75, CLOSED, "钢铁厂高炉，固定热源，与秸秆焚烧无关"),
    Works("SB", 123.63, 41.23, 0.45),
)


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """A Beijing time of 2025."""
    return datetime(2025, month, day, hour, minute, tzinfo=BEIJING)


SET_UP = at(9, 20, 9)
# (arrives, first and last day of acquisition, UTC): each file repeats the last day of the one before, as people download.
FIRMS_FILES = (
    (at(10, 6, 8, 30), date(2025, 10, 1), date(2025, 10, 5)),
    (at(10, 11, 8, 30), date(2025, 10, 5), date(2025, 10, 10)),
    (at(10, 16, 8, 30), date(2025, 10, 10), date(2025, 10, 15)),
    (at(10, 21, 8, 30), date(2025, 10, 15), date(2025, 10, 20)),
    (at(10, 26, 8, 30), date(2025, 10, 20), date(2025, 10, 25)),
    (at(11, 1, 8, 30), date(2025, 10, 25), date(2025, 10, 31)),
    (at(11, 6, 8, 30), date(2025, 10, 31), date(2025, 11, 5)),
)
# (arrives, first and last day of the fires, number of the issue)
LISTS = (
    (at(10, 11, 10), date(2025, 10, 1), date(2025, 10, 10), 28),
    (at(10, 21, 10), date(2025, 10, 11), date(2025, 10, 20), 29),
    (at(11, 1, 10), date(2025, 10, 21), date(2025, 10, 31), 30),
    (at(11, 6, 10), date(2025, 11, 1), date(2025, 11, 5), 31),
)
PATROLS = (
    (at(10, 11, 15), date(2025, 10, 1), date(2025, 10, 11)),
    (at(10, 21, 15), date(2025, 10, 12), date(2025, 10, 20)),
    (at(11, 6, 15), date(2025, 10, 21), date(2025, 11, 6)),
)
BATCH = {
    "build": at(11, 10, 9),
    "freeze": at(11, 10, 11),
    "submit": at(11, 10, 15),
    "approve": at(11, 14, 10),
    "send": at(11, 17, 9, 30),
    "settle_whole": at(11, 20, 10),
    "settle_part": at(11, 20, 10, 30),
}
