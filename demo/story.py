"""The story of the demonstration's month: every fire, who saw it, and how its story goes. Data only.

The month is told to its end (the batch is sent to finance); of the month after it the first days are done too and the
last ones left open, so that there is work to do. Days are numbered from the first of the month, 1; demo/plan.py lays
them on the calendar. A story is a list of verbs; what each verb does is in demo/services/verbs.py, how long after the
verb before it comes is in DELAY_H.
"""

from __future__ import annotations

from dataclasses import dataclass

SEED = 2105
ROOT = "2105"
NEXT = 31
"""Days before the first of the next month, where the month has 31; a shorter one puts NEXT + 1 on the 2nd to the 4th."""
LAST_DAY = NEXT + 19
"""The last day on which anything burns."""
PINGSHAN, XIHU, MINGSHAN, NANFEN, BENXI, HUANREN = "210502", "210503", "210504", "210505", "210521", "210522"

# Hours after the step before, or after the file that brought the fire.
DELAY_H = {
    "dispatch": 1.0,
    "report": 5.0,
    "report_false": 6.0,
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
    patrol), self (the county's own finding). `day` counts from the first of the month, 1; a scar is found a day later.
    """

    key: str
    where: str
    day: int
    seen: tuple[str, ...]
    verbs: tuple[str, ...]
    note: str = ""

    @property
    def channels(self) -> set[str]:
        """The channels of `seen` without their numbers of pixels."""
        return {word.partition("+")[0] for word in self.seen}

    @property
    def county(self) -> str:
        """The county that is charged when the fire is counted."""
        return self.where.split("|")[0]


def _story(key: str, where: str, day: int, channels: str, verbs: tuple[str, ...], note: str = "") -> Story:
    return Story(key, where, day, tuple(channels.split()), verbs, note)


STORIES = (
    _story("B1", BENXI, 2, "N20+1 N list", WAIVED, "玉米茬地连片焚烧"),
    _story("H1", HUANREN, 3, "N20+1 N+1 list fire", WAIVED, "稻茬焚烧，卫星与巡查同时发现"),
    _story("L1", BENXI, 4, "N20", CLOSED, "企业食堂烟囱，非秸秆"),
    _story("B2", BENXI, 5, "list", LAPSED, "路边秸秆堆焚烧"),
    _story("M1", MINGSHAN, 6, "N20 list", WAIVED, "大棚旁秸秆焚烧"),
    _story("B5", BENXI, 7, "N20 list", NEGATIVE, "坟头祭扫引燃荒草，不是秸秆"),
    _story("B3", BENXI, 8, "N20+1 fire", OWN, "市巡查队现场发现明火"),
    _story("H2", HUANREN, 9, "list", LAPSED, "山脚玉米地焚烧"),
    _story("XM", f"{XIHU}|{MINGSHAN}", 10, "list", CROSS, "像元跨溪湖、明山两区"),
    _story("N1", NANFEN, 11, "self", SELF_FOUND, "区里自查发现并已扑灭"),
    _story("H4", HUANREN, 12, "N20 N list", DISPUTED, "县里认为在邻县一侧"),
    _story("B4", BENXI, 13, "N20 scar", OWN, "线索次日巡查发现黑斑"),
    _story("L2", HUANREN, 14, "N", CLOSED, "生物质锅炉，非露天焚烧"),
    _story("X1", XIHU, 15, "N20 N list", LAPSED, "稻田焚烧"),
    _story("B6", BENXI, 16, "list", RETURNED, "首次照片看不出田块，退回补证"),
    _story("H3", HUANREN, 18, "fire", OWN, "巡查发现明火"),
    _story("M2", MINGSHAN, 19, "scar", OWN, "新鲜黑斑约两亩"),
    _story("L3", HUANREN, 20, "N20", CLOSED, "砖厂轮窑，非露天焚烧"),
    _story("L4", XIHU, 23, "N", CLOSED, "垃圾转运站冒烟，已交城管"),
    _story("B7", BENXI, 24, "N20+1 list", LAPSED, "坡耕地焚烧"),
    # The month after: its first days are done, no batch has been built of them yet.
    _story("P1", BENXI, NEXT + 2, "N20 N list", WAIVED, "玉米秸秆堆焚烧"),
    _story("P2", MINGSHAN, NEXT + 4, "list fire", WAIVED, "大棚外秸秆焚烧，巡查同日到场"),
    _story("P3", HUANREN, NEXT + 6, "N20+1 list", LAPSED, "稻茬焚烧"),
    _story("P4", BENXI, NEXT + 8, "list", NEGATIVE, "林缘荒草阴燃，不是秸秆"),
    _story("L7", XIHU, NEXT + 9, "N", CLOSED, "屠宰场烟囱，非秸秆"),
    # Its last days are left open, each waiting for somebody else.
    _story("B8", BENXI, NEXT + 12, "N20 list", CONTESTED, "县里称系烧荒"),
    _story("H6", HUANREN, NEXT + 13, "list", ("dispatch", "report", "recognise"), "河滩地焚烧"),
    _story("N2", NANFEN, NEXT + 14, "list", ("dispatch", "report_false"), "垃圾堆阴燃"),
    _story("H7", HUANREN, NEXT + 14, "N list", ("dispatch", "dispute"), "县里认为在邻县一侧"),
    _story("H5", HUANREN, NEXT + 15, "N20 list", ("dispatch", "report"), "玉米秸秆堆焚烧"),
    _story("O5", XIHU, NEXT + 16, "N20 list", ("dispatch", "report"), "稻茬零星焚烧"),
    _story("O3", f"{BENXI}|{HUANREN}", NEXT + 16, "list", ("mark_cross",), "像元跨两个自治县"),
    _story("M3", MINGSHAN, NEXT + 16, "list", ("dispatch",)),
    _story("O1", BENXI, NEXT + 17, "N20 N list", ("dispatch",)),
    _story("L5", NANFEN, NEXT + 17, "N20", UNTOUCHED),
    _story("O2", HUANREN, NEXT + 18, "list", UNTOUCHED),
    _story("L6", BENXI, NEXT + 18, "N20", UNTOUCHED),
    _story("O4", MINGSHAN, NEXT + 18, "fire", UNTOUCHED),
    _story("O6", BENXI, NEXT + 19, "N20+1 list", UNTOUCHED),
)
"""Fourteen become counted and final in the month: six in 本溪县, four in 桓仁县, two in 明山区, two in 溪湖区."""

# What satellites see besides: leads, which alone charge nothing. Somebody looks at each; the last ones are still fresh.
_FALSE_ALARMS = ("现场未见过火痕迹", "光伏板反光，现场无火", "民房炊烟，非露天焚烧")
LEADS = tuple(
    _story(
        f"G{at}",
        (HUANREN, BENXI, MINGSHAN, BENXI)[at % 4],
        2 + 7 * at // 2,
        "N20+1" if at % 3 else "N",
        CLOSED if 2 + 7 * at // 2 < NEXT + 14 else UNTOUCHED,
        _FALSE_ALARMS[at % 3],
    )
    for at in range(14)
)


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
    Works("SB", 123.63, 41.23, 0.45, CLOSED, "焦化厂火炬，固定热源，与秸秆焚烧无关"),
)

Moment = tuple[int, int, int]
"""Day of the story, hour and minute, Beijing time."""
SET_UP: Moment = (-10, 9, 0)
BATCH: dict[str, Moment] = {
    "build": (NEXT + 10, 9, 0),
    "freeze": (NEXT + 10, 11, 0),
    "submit": (NEXT + 10, 15, 0),
    "approve": (NEXT + 14, 10, 0),
    "send": (NEXT + 17, 9, 30),
    "settle_whole": (NEXT + 20, 10, 0),
    "settle_part": (NEXT + 20, 10, 30),
}
