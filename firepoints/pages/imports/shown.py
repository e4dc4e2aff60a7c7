"""Runs and rows as the import pages show them: outcomes that add up, the address of every refused cell, where each row lies."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core import clock
from firepoints.feedback import fates
from firepoints.feedback.answers import standing_mendings
from firepoints.links import row_url
from firepoints.models import ImportRun, RawRow, Source
from firepoints.pages.imports import shown_places
from firepoints.sightings import packed
from firepoints.sightings.importing.results import UNSURE, Import, Look
from firepoints.sightings.lists import mending
from firepoints.sightings.readers.base import Rejected
from firepoints.sightings.readers.blocks import letters, span_of
from firepoints.sightings.readers.fields import BY_PARSER, LABELS
from firepoints.sightings.readers.reasons import REASONS
from grids.selectors import cell_names, edition_now

PAGE = 50
REFUSED_SHOWN = 100
MOST_COUNTED = 5000
SHEET_LIMIT = 60
ZONES = dict.fromkeys(("firms", "himawari"), "世界时（UTC），换成北京时间") | {"fy4": "整个文件一个时间"}
OBSERVED_BY = {"import": "本次指定", "filename": "文件名所写", "title": "标题所写"}
Outcome = RawRow.Outcome
# label, field of a run, outcome, what it means, whether somebody must look
OUTCOMES = (
    ("入库", "kept", Outcome.KEPT, "生成疑似火点", False),
    ("相同", "identical", Outcome.IDENTICAL, "不再写", False),
    ("已被替代", "superseded", Outcome.SUPERSEDED, "有更新的一版", False),
    ("隔离", "quarantined", Outcome.QUARANTINED, "要人看", True),
    ("界外", "outside", Outcome.OUTSIDE, "存档，不派发", False),
)
CLASS_SAID: dict[str, str] = {
    Source.Class.OFFICIAL_LIST.value: "官方清单，核查属实并认定后扣缴",
    Source.Class.INSPECTION.value: "巡查督查，认定后扣缴",
    Source.Class.SELF_FOUND.value: "自查，按设置",
    Source.Class.LEAD.value: "线索，不能单独扣缴",
}


def tiles(done: Import | ImportRun, base: str = "") -> list[dict[str, Any]]:
    """The five outcomes and their sum, which is the number of rows; then what is no data. Each links to its rows."""
    figures = []
    has_failed = isinstance(done, ImportRun) and done.state == ImportRun.State.FAILED
    for label, name, outcome, side_words, is_urgent in OUTCOMES:
        number = getattr(done, name)
        side, urgent = ("不作数", False) if has_failed else (side_words, is_urgent)
        url = f"{base}?outcome={outcome}#rows" if base else f"#{outcome}"
        figures.append(
            {"url": url, "label": label, "number": number, "unit": "行", "side": side,
             "kind": "bad" if urgent and number else ""}
        )  # fmt: skip
    parts = [getattr(done, name) for _, name, *_ in OUTCOMES]
    proof = "+".join(map(str, parts)) + (" ✓" if sum(parts) == done.rows else " ✕")
    figures.append({"url": f"{base}#rows" if base else "#kept", "label": "数据行", "number": done.rows, "unit": "行",
                  "side": proof if len(proof) < 12 else "五项相加 ✓"})  # fmt: skip
    figures.append({"url": f"{base}?outcome=note#rows" if base else "#how", "label": "不是数据", "number": done.notes,
                  "unit": "行", "side": "标题 合计 注"})  # fmt: skip
    if unsure := unsure_of(done):
        figures.append({"url": f"{base}#rows" if base else "#kept", "label": "可能是同一像元", "number": unsure, "unit": "行",
                  "side": "另一次处理，两条都留着"})  # fmt: skip
    return figures


def unsure_of(done: Import | ImportRun) -> int:
    """How many rows may be the pixel of another one, in another state of processing; both stay."""
    return done.unsure_pairs if isinstance(done, Import) else int(done.options.get(UNSURE, 0))


def address(sheet: str, row_no: int, column: str, names: Iterable[str]) -> str:
    """The cell as a spreadsheet names it (`Sheet1!F9`); the row alone when the column is not known."""
    order = list(names)
    own_sheet, first, _ = span_of(sheet)
    letter = letters(first + order.index(column)) if column in order else ""
    place = f"{letter}{row_no}" if letter else f"第 {row_no} 行"
    sheet = own_sheet if letter else sheet
    return f"{sheet}!{place}" if sheet else place


def refused(rows: Iterable[Rejected]) -> list[dict[str, Any]]:
    """The first quarantined rows of a dry run, with cell, text and reason."""
    return [
        _refused(row.sheet, row.row_no, row.column, row.reason, dict(row.raw)) for row in list(rows)[:REFUSED_SHOWN]
    ]


def _refused(sheet: str, row_no: int, column: str, reason: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "address": address(sheet, row_no, column, raw),
        "column": column,
        "text": str(raw.get(column, "")) if column else "",
        "reason": reason,
        "pairs": _pairs(raw),
    }


def _pairs(raw: Any) -> list[tuple[str, str]]:
    if isinstance(raw, Mapping):
        if set(raw) == {"line"}:  # a line that could not be cut into columns
            return [("整行", str(raw["line"]))]
        return [(str(name), mending.cell_text(value)) for name, value in raw.items()]
    if isinstance(raw, list):
        return [("", "　".join(str(cell) for cell in raw if cell not in (None, "")))]
    return [("", str(raw))]


def names_for(codes: Iterable[str]) -> dict[str, str]:
    """Names of cells in the live edition; a code without a name stands for itself."""
    cell_codes = {code for code in codes if code}
    edition = edition_now()
    names = cell_names(edition, cell_codes) if edition and cell_codes else {}
    return {code: names.get(code, code) for code in cell_codes}


def looks(lines: Iterable[Look]) -> list[dict[str, Any]]:
    """Rows of a dry run with the names of where they lie; where the list says otherwise, at which levels."""
    rows = list(lines)
    contexts = []
    for row, chain in zip(rows, shown_places.chains_of(rows), strict=True):
        contexts.append(
            {
                "row": row,
                "label": "替代旧行" if row.replaces else Outcome(row.outcome).label,
                "address": address(row.sheet, row.row_no, "", ()),
                "place": " ".join(chain.values()),
                "differs": shown_places.differing(row, chain),
            }
        )
    return contexts


def counties(counted: Mapping[str, int]) -> list[dict[str, Any]]:
    names = names_for(counted)
    return [{"name": names[code], "number": number} for code, number in counted.items()]


def headings(meta: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """(sheet, its headings with their column letters) as the reader found them."""
    by_sheet = meta.get("headings") or ({"": meta["columns"]} if meta.get("columns") else {})
    return [
        (sheet, [(letters(span_of(sheet)[1] + at), name) for at, name in enumerate(names) if name])
        for sheet, names in by_sheet.items()
    ]


@dataclass(frozen=True, slots=True)
class RowsPage:
    """One page of rows in file order, and the keys of the pages before and after it ("" at either end)."""

    rows: list[dict[str, Any]]
    newer: str
    older: str


def rows_page(run: ImportRun, *, outcome: str, after: str, before: str, row: str = "") -> RowsPage:
    """Rows of a run, of one outcome or of one row number if these are given."""
    if row.isascii() and row.isdecimal() and len(row) < 10:
        rows = list(run.raw_rows.filter(row_no=int(row)).select_related("detection").order_by("sheet")[:PAGE])
        packed_row = row_at(run, int(row), "") if not rows else None
        return RowsPage(_shown(run, [packed_row] if packed_row else rows), "", "")
    after, before = (key if key.isprintable() else "" for key in (after, before))
    page = packed.rows_page(run, outcome=outcome, after=after, before=before, size=PAGE)
    return RowsPage(_shown(run, page.rows), page.before, page.after)


def row_at(run: ImportRun, row_no: int, sheet: str) -> RawRow | None:
    """One row of a run by its number and sheet, packed or not; of a run that repeats another it is the row of that."""
    if row_no >= 10**9 or not sheet.isprintable() or len(sheet) > SHEET_LIMIT:
        return None
    rows = packed.rows_page(run, after=f"{row_no - 1}@{sheet}", size=1).rows
    return rows[0] if rows and (rows[0].row_no, rows[0].sheet) == (row_no, sheet) else None


def _shown(run: ImportRun, rows: list[RawRow]) -> list[dict[str, Any]]:
    """Rows with their text, their place and what became of each: as many queries whatever the page."""
    fates_by_row = fates.fates_of(run, rows)
    detections = [row.detection for row in rows if row.detection]
    names = names_for(code for detection in detections for code in (detection.county_code, detection.leaf_code))
    contexts = []
    for row in rows:
        raw = _parsed(row.raw)
        place = (row.detection.county_code, row.detection.leaf_code) if row.detection else ()
        contexts.append(
            {
                "row": row,
                "url": row_url(run.uuid, row.row_no, row.sheet),
                "label": Outcome(row.outcome).label,
                "address": address(row.sheet, row.row_no, row.column, raw if isinstance(raw, dict) else ()),
                "pairs": _pairs(raw),
                "place": " ".join(names[code] for code in dict.fromkeys(place) if code),
                "reason": reason_of(row),
                "fates": fates_by_row[row.row_no, row.sheet],
                "is_swapped": row.code == "swapped" and row.outcome == Outcome.QUARANTINED,
            }
        )
    return contexts


def reason_of(row: RawRow) -> str:
    return row.reason or REASONS.get(row.code, "")


def pairs_of(row: RawRow) -> list[tuple[str, str]]:
    """(heading, text) of every cell of a row as it stood."""
    return _pairs(_parsed(row.raw))


def mapping_words(mapping: Mapping[str, str]) -> list[tuple[str, str]]:
    """(field, heading) of a mapping in the words of the screen."""
    return [(LABELS.get(field, field), heading or "（没有这一列）") for field, heading in mapping.items()]


def has_columns(parser: str) -> bool:
    """Whether the columns of this kind of file can be put right by a person."""
    return parser in BY_PARSER


CLOCKS = {"UTC": "世界时", "Asia/Shanghai": "北京时间", "two zones": "两种钟，读不了"}


def zone_of(parser: str) -> str:
    return ZONES.get(parser, "北京时间（有时区的按其时区）")


def zone_words(parser: str, meta: Mapping[str, Any]) -> str:
    """The clock of every column of time, as the reader took it; else that of the kind of file."""
    clocks = [clock for how in meta.get("reading", {}).values() for clock in how.get("clocks", ())]
    words = dict.fromkeys(f"{clock['heading']}：{CLOCKS.get(clock['zone'], clock['zone'])}" for clock in clocks)
    return "；".join(words) or zone_of(parser)


def observed_words(meta: Mapping[str, Any]) -> str:
    """The time in Beijing at which a file without times of its own was taken, and who says so; "" where its rows say it."""
    if "observed" not in meta:
        return ""
    begin, end = (datetime.fromisoformat(text).astimezone(clock.BEIJING) for text in meta["observed"])
    span = f"{begin:%Y-%m-%d %H:%M}" + ("" if end == begin else f"—{end:%H:%M}")
    return f"{span}（{OBSERVED_BY.get(meta.get('observed_by', ''), '')}）"


def mended_counts(run: ImportRun) -> dict[str, int]:
    """How many quarantined rows of a run were mended, set aside, and still wait for somebody."""
    if run.state not in (ImportRun.State.COMMITTED, ImportRun.State.WITHDRAWN):
        return {"mended": 0, "discarded": 0, "waiting": 0}
    rows = list(run.raw_rows.filter(outcome=Outcome.QUARANTINED).only("pk", "outcome")[:MOST_COUNTED])
    mendings = standing_mendings(rows)
    mended = sum(mending.run_id is not None for mending in mendings.values())
    return {"mended": mended, "discarded": len(mendings) - mended, "waiting": len(rows) - len(mendings)}


def _parsed(raw: str) -> Any:
    """A JSON object or list as such, anything else (a line of a CSV) as the text it is."""
    if raw[:1] in "{[":
        try:
            return json.loads(raw)
        except ValueError:
            return raw
    return raw
