"""A corrected list beside the list before: which rows are new, gone, moved or as they were. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from firepoints.sightings.readers.keys import SAME_NUMBER_M
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
        if self.old.seq_no and self.new.seq_no and self.old.seq_no != self.new.seq_no:
            parts.append(f"序号 {self.old.seq_no} → {self.new.seq_no}")
        return "，".join(parts) or ("位置微动不到 1 米" if self.moved_m > 0 else "位置和时间不变，序号等有改动")


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

    A number that is given to a place farther away than SAME_NUMBER_M names another row: the old one is gone, the new one
    added. A row that says the same under another number only has that number changed. A content that stands twice is
    compared once.
    """
    contents = {line.content for line in old}
    candidates = {line.base: line for line in old}
    bases: set[str] = set()
    matched: set[str] = set()  # contents of old rows that the new list has too
    moved: list[Moved] = []
    unmatched_new: list[Line] = []
    same = 0
    for line in new:
        if line.base in bases:
            continue
        bases.add(line.base)
        move = moved_line(candidates[line.base], line) if line.base in candidates else None
        if line.content in contents:
            same += 1
            matched.add(line.content)
        elif move is not None and move.moved_m <= SAME_NUMBER_M and move.old.content not in matched:
            moved.append(move)
            matched.add(move.old.content)
        else:
            unmatched_new.append(line)
    unmatched_old = [line for line in old if line.content not in matched]
    renumbered = _renumbered(unmatched_old, unmatched_new)
    pairs = {(move.old.content, move.new.content) for move in renumbered}
    unmatched_old = [line for line in unmatched_old if line.content not in {content for content, _ in pairs}]
    added = tuple(line for line in unmatched_new if line.content not in {content for _, content in pairs})
    doubtful = tuple(line for line in unmatched_old if _is_unread(line, unread, bases))
    gone = tuple(line for line in unmatched_old if line not in doubtful)
    return Difference(added, gone, (*moved, *renumbered), same, doubtful)


def _is_unread(line: Line, unread: Collection[str], bases: Collection[str]) -> bool:
    return bool(line.seq_no) and line.seq_no in unread and line.base not in bases


def _renumbered(old: Sequence[Line], new: Sequence[Line]) -> list[Moved]:
    """The rows that say the same place and moment under another number."""
    by_mark = {_mark(line): line for line in reversed(old)}
    moves: list[Moved] = []
    for line in new:
        if (before := by_mark.pop(_mark(line), None)) is not None:
            moves.append(moved_line(before, line))
    return moves


def _mark(line: Line) -> tuple[float, float, datetime, datetime]:
    return round(line.lon, 5), round(line.lat, 5), line.starts_at, line.ends_at


def moved_line(old: Line, new: Line) -> Moved:
    metres = float(distance_m(old.lon, old.lat, new.lon, new.lat))
    minutes = round((new.starts_at - old.starts_at).total_seconds() / 60)
    return Moved(old, new, metres, minutes)


def _span(minutes: int) -> str:
    sign, size = ("早" if minutes < 0 else "晚"), abs(minutes)
    if size < 60:
        return f"{sign} {size} 分钟"
    return f"{sign} {size / 60:.1f} 小时" if size < 48 * 60 else f"{sign} {size / 1440:.0f} 天"
