"""The issuer's table as it came back: the opinion of each row on our answer, matched with its row of the list. Pure.

A row is known by its 序号, else by its number in the sheet, and in both cases by its position: a table that was sorted anew
or has rows taken out is not read against the wrong rows, and what does not fit is said, not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from firepoints.feedback.columns import RESULT, VERDICT
from firepoints.sightings.readers import lists
from firepoints.sightings.readers.base import ParseOptions, Rejected, Sighting, SourceError
from firepoints.sightings.readers.blocks import span_of
from firepoints.sightings.readers.fields import LIST
from firepoints.sightings.readers.headings import BRACKETS, find_heading
from firepoints.sightings.readers.text import compact, plain
from papers.reading import Sheet

OPINION = (
    *(
        "终审意见",
        "终审结果",
        "审核意见",
        "审核结果",
        "审核情况",
        "省厅意见",
        "省级意见",
        "省级审核意见",
        "发布单位意见",
    ),
    *("是否认可", "认可情况", "是否采纳", "采纳情况", "复核意见", "最终意见", "最终结果"),
)
GROUND = ("不认可原因", "不认可理由", "不采纳原因", "审核说明", "意见说明", "终审说明", "退回原因", "审核备注")
NO = re.compile(r"(?:不予?|未予?|没有)(?:认可|同意|采纳|通过)|退回|驳回|否|不行")
YES = re.compile(r"(?:予以|已|均)?(?:认可|同意|采纳|通过)|是|√|✓|无异议")
AFTER = " ：:，,；;。（()）"
SAME = 1e-4  # degrees, some ten metres: what rounding in Excel moves
MIXED = "终审意见读不懂：写“认可”或“不认可”"


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a table: where it stands, its 序号, its position as given (None: it could not be read), its cells."""

    sheet: str
    row_no: int
    seq_no: str = ""
    at: tuple[float, float] | None = None
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a returned row says; `of` is (sheet, row number) in the list, None where `problem` says why not."""

    place: Place
    said: str
    accepted: bool | None
    note: str = ""
    of: tuple[str, int] | None = None
    problem: str = ""


def opinions_in(
    returned: Sequence[Sheet], original: Sequence[Sheet], *, options: ParseOptions
) -> tuple[list[Opinion], int]:
    """(what the returned table says row by row, how many of its rows say nothing). Raises SourceError where no column holds
    an opinion, or the table is no list."""
    places = places_in(original, options)
    opinions: list[Opinion] = []
    silent = 0
    by_name = {sheet.name: sheet for sheet in returned}
    returned_places = places_in(returned, options)
    columns = {
        name: column
        for name in {*by_name, *(place.sheet for place in returned_places)}
        if (column := _columns(by_name[span_of(name)[0]], options.mapping, *span_of(name)[1:]))
    }
    if not columns:
        raise SourceError(
            "没有终审意见的列", where="表头", todo=f"应有“{'、'.join(OPINION[:4])}”或“是否认可”一列", code="no_opinion"
        )
    rows = {sheet.name: sheet.rows for sheet in returned}
    for place in returned_places:
        if place.sheet not in columns:
            continue
        opinion, ground = columns[place.sheet]
        row = rows[span_of(place.sheet)[0]][place.row_no - 1]
        verdict, note = (plain(row[at]) if at is not None and at < len(row) else "" for at in (opinion, ground))
        if verdict:
            opinions.append(_opinion(place, verdict, note, places))
        else:
            silent += 1
    return opinions, silent


def places_in(sheets: Sequence[Sheet], options: ParseOptions) -> list[Place]:
    """Every data row of a list, readable or not. Raises SourceError as the reader of lists."""
    result = lists.parse_sheets(list(sheets), options=options)
    rows = {sheet.name: sheet.rows for sheet in sheets}
    every: list[Sighting | Rejected] = [*result.sightings, *result.rejected]
    places = [
        Place(
            line.sheet,
            line.row_no,
            line.seq_no if isinstance(line, Sighting) else "",
            (line.lon, line.lat) if isinstance(line, Sighting) else None,
            tuple(plain(cell) for cell in _cells(rows, line.sheet, line.row_no)),
        )
        for line in every
    ]
    return sorted(places, key=lambda place: (place.sheet, place.row_no))


def _cells(rows: Mapping[str, list[list[Any]]], name: str, row_no: int) -> list[Any]:
    sheet, first, end = span_of(name)
    return rows[sheet][row_no - 1][first:end]


def _columns(sheet: Sheet, mapping: Mapping[str, str], first: int, end: int) -> tuple[int, int | None] | None:
    """(column of the opinion, column of its ground) of a sheet, or of a table in it; our own answer's columns are neither."""
    heading = find_heading(sheet.rows, LIST.spellings, LIST.required, mapping)
    if heading is None:
        return None
    names = [BRACKETS.sub("", compact(name)) if first <= at < end else "" for at, name in enumerate(heading.names)]
    opinion = next((at for word in OPINION for at, name in enumerate(names) if name == word), None)
    ground = next((at for word in GROUND for at, name in enumerate(names) if name == word), None)
    is_ours = opinion is not None and names[opinion] in (*VERDICT, *RESULT)
    return None if opinion is None or is_ours else (opinion, ground)


def _opinion(place: Place, verdict: str, note: str, places: Sequence[Place]) -> Opinion:
    accepted, rest = accepted_in(verdict)
    note = note or rest
    if accepted is None:
        return Opinion(place, verdict, None, note, problem=MIXED)
    row, problem = match(place, places)
    return Opinion(place, verdict, accepted, note, (row.sheet, row.row_no) if row else None, problem)


def accepted_in(verdict: str) -> tuple[bool | None, str]:
    """(whether it accepts, what follows as its ground); None for what is neither."""
    text = verdict.strip()
    for shape, accepted in ((NO, False), (YES, True)):
        if prefix := shape.match(text):
            rest = text[prefix.end() :]
            if not rest or rest[0] in AFTER:
                return accepted, rest.strip(AFTER)
    return None, ""


def match(place: Place, places: Sequence[Place]) -> tuple[Place | None, str]:
    """(the row of the list that a returned row is, why there is none)."""
    by_seq = [candidate for candidate in places if place.seq_no and candidate.seq_no == place.seq_no]
    same = [candidate for candidate in by_seq if _agrees(place, candidate)]
    if len(same) == 1:
        return same[0], ""
    if len(same) > 1:
        here = [candidate for candidate in same if (candidate.sheet, candidate.row_no) == (place.sheet, place.row_no)]
        return (here[0], "") if here else (None, f"原表里序号 {place.seq_no} 有 {len(same)} 行，分不清是哪一行")
    if by_seq:
        return None, f"序号 {place.seq_no} 的位置与原表第 {by_seq[0].row_no} 行不同"
    here = [candidate for candidate in places if (candidate.sheet, candidate.row_no) == (place.sheet, place.row_no)]
    if here and not (place.seq_no and here[0].seq_no) and _agrees(place, here[0]):
        return here[0], ""
    return None, "原表里没有这一行"


def _agrees(place: Place, other: Place) -> bool:
    """Whether the positions are the same; of rows that nobody can read, the cells as far as the list's own go."""
    if place.at is not None and other.at is not None:
        return all(abs(a - b) <= SAME for a, b in zip(place.at, other.at, strict=True))
    if place.at is not None or other.at is not None:
        return False
    width = max((at + 1 for at, text in enumerate(other.cells) if text), default=0)
    return width > 0 and place.cells[:width] == other.cells[:width]
