"""A corrected list beside the list before: which rows are new, gone, moved or as they were. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from grids.geo.footprint import distance_m


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a list: `base` says which row it is, `content` what it says. WGS-84 degrees, UTC; `detection_id` 0 while not written."""

    base: str
    content: str
    row_no: int
    sheet: str
    seq_no: str
    lon: float
    lat: float
    starts_at: datetime
    ends_at: datetime
    precision: str
    satellite: str
    stated_county: str
    detection_id: int = 0


@dataclass(frozen=True, slots=True)
class Moved:
    """One row that says something else now: by how many metres and minutes, or neither (another satellite or county)."""

    old: Line
    new: Line
    moved_m: float
    moved_min: int

    @property
    def what(self) -> str:
        parts = [f"位置移动 {self.moved_m:,.0f} 米"] if self.moved_m >= 1 else []
        if self.moved_min:
            parts.append(f"时间改动 {_span(self.moved_min)}")
        elif (self.old.starts_at, self.old.ends_at) != (self.new.starts_at, self.new.ends_at):
            parts.append("时间精度改动")
        if self.old.satellite != self.new.satellite:
            parts.append(f"卫星 {self.old.satellite or '无'} → {self.new.satellite or '无'}")
        if self.old.stated_county != self.new.stated_county:
            parts.append(f"表中县（区） {self.old.stated_county or '无'} → {self.new.stated_county or '无'}")
        return "，".join(parts) or "位置微动不到 1 米"


@dataclass(frozen=True, slots=True)
class Difference:
    """The rows that a corrected list adds, drops, moves and leaves as they were.

    `unread`: old rows whose number stands in the new list in a row that could not be read: neither gone nor moved.
    """

    added: tuple[Line, ...]
    gone: tuple[Line, ...]
    moved: tuple[Moved, ...]
    same: int
    unread: tuple[Line, ...]


def compare(old: Sequence[Line], new: Sequence[Line], unread: Collection[str] = ()) -> Difference:
    """The difference between a list and the one that corrects it; `unread` are the 序号 of new rows that were rejected.

    A content that stands twice is compared once.
    """
    before = {line.base: line for line in old}
    contents = {line.content for line in old}
    bases: set[str] = set()
    added, moved, same = [], [], 0
    for line in new:
        line_before = before.get(line.base)
        if line.base in bases:
            continue
        bases.add(line.base)
        if line.content in contents:
            same += 1
        elif line_before is None:
            added.append(line)
        else:
            moved.append(moved_line(line_before, line))
    unmatched = [line for line in old if line.base not in bases]
    doubtful = [line for line in unmatched if line.seq_no and line.seq_no in unread]
    gone = [line for line in unmatched if not (line.seq_no and line.seq_no in unread)]
    return Difference(tuple(added), tuple(gone), tuple(moved), same, tuple(doubtful))


def moved_line(old: Line, new: Line) -> Moved:
    metres = float(distance_m(old.lon, old.lat, new.lon, new.lat))
    minutes = round((new.starts_at - old.starts_at).total_seconds() / 60)
    return Moved(old, new, metres, minutes)


def _span(minutes: int) -> str:
    sign, size = ("早" if minutes < 0 else "晚"), abs(minutes)
    if size < 60:
        return f"{sign} {size} 分钟"
    return f"{sign} {size / 60:.1f} 小时" if size < 48 * 60 else f"{sign} {size / 1440:.0f} 天"
