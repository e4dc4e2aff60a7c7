"""网格缺口: 不留死角、不留盲区 as a page, a map layer and a workbook (C2, C3, C5)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from core import clock
from grids import selectors
from grids.models import Edition
from grids.rights import scope_or_403
from grids.roles import LEVEL_LABELS, Level
from grids.selectors.gaps import GAP_LABELS, CellGaps, Gap, Tally, gaps_of, tallies, totals
from grids.selectors.keeping import keeper_scope
from grids.selectors.left_behind import LeftCode, left_behind
from journal.record.services import access
from papers.downloads import XLSX, download
from papers.tables import Table, Value, workbook

PAGE = 50
# Where each gap is closed: a part of the cell's own page, or the loading of borders.
CLOSED_AT = {
    Gap.HOLDER: "appoint",
    Gap.PHONE: "posts",
    Gap.FAILED: "posts",
    Gap.LETTER: "letters",
    Gap.DESIGNATION: "designation",
}


@require_safe
def gaps(request: HttpRequest) -> HttpResponse:
    """Tiles per kind of gap, a row per county (or per township of one county), the cells with their gaps."""
    scope = scope_or_403(request.user)
    edition = selectors.edition_now()
    rows = gaps_of(edition, scope, clock.today_beijing()) if edition else []
    county, kind = request.GET.get("county", ""), request.GET.get("kind", "")
    chosen = [row for row in rows if not county or row.county == county]
    listed = [row for row in chosen if (kind in row.gaps if kind in set(Gap) else row.gaps)]
    page = Paginator(listed, PAGE).get_page(request.GET.get("page"))
    total = totals(chosen)
    may_keep = bool(keeper_scope(request.user))
    context = {
        "edition": edition,
        "total": total,
        "tiles": _tiles(total, county, kind),
        "tallies": tallies(chosen, Level.TOWNSHIP if county else Level.COUNTY),
        "county": next((row for row in rows if row.code == county), None),
        "kind": kind,
        "kind_label": GAP_LABELS.get(Gap(kind)) if kind in set(Gap) else "",
        "labels": list(GAP_LABELS.values()),
        "page": page,
        "rows": [_line(row, may_keep=may_keep) for row in page],
        "params": f"{_query(county, kind)}&",
        "cells_url": f"{reverse('cells-geojson')}?level=county,township,village" if edition else "",
        "left": len(left_behind(edition)) if edition and scope.everything else 0,
        "shade_url": f"{reverse('grid-gaps-map')}?{_query('', kind)}",
    }
    return render(request, "grids/gaps.html", context)


def _query(county: str, kind: str) -> str:
    return urlencode({key: value for key, value in (("county", county), ("kind", kind)) if value})


def _tiles(total: Tally, county: str, kind: str) -> list[dict[str, Any]]:
    here = reverse("grid-gaps")
    return [
        {
            "url": f"{here}?{_query(county, gap)}#cells",
            "label": GAP_LABELS[gap],
            "number": number,
            "unit": "个网格",
            "kind": "bad" if number else "",
            "side": "正在看" if gap == kind else "",
        }
        for gap, number in total.counts
    ]


def _line(row: CellGaps, *, may_keep: bool) -> dict[str, Any]:
    """A cell with its gaps, each with the place where it is closed ("" = not by this user, or by loading borders)."""
    here = reverse("grid-people", args=[row.code]) if may_keep else ""
    gaps = [
        {"label": GAP_LABELS[gap], "url": f"{here}#{CLOSED_AT[gap]}" if here and gap in CLOSED_AT else ""}
        for gap in Gap
        if gap in row.gaps
    ]
    return {"row": row, "level": LEVEL_LABELS[Level(row.level)], "gaps": gaps}


@require_safe
def gaps_map(request: HttpRequest) -> JsonResponse:
    """{code: {"n", "label", "url"}} of the cells that lack something, for the shading of the map."""
    scope = scope_or_403(request.user)
    edition = selectors.edition_now()
    kind = request.GET.get("kind", "")
    shades = {}
    for row in gaps_of(edition, scope, clock.today_beijing()) if edition else []:
        gaps = row.gaps & {kind} if kind in set(Gap) else row.gaps
        if gaps:
            words = "、".join(GAP_LABELS[gap] for gap in Gap if gap in gaps)
            shades[row.code] = {
                "n": len(gaps),
                "label": f"{row.name}：{words}",
                "url": reverse("grid-cell", args=[row.code]),
            }
    response = JsonResponse(shades, json_dumps_params={"ensure_ascii": False})
    response["Cache-Control"] = "private, no-cache"
    return response


@require_safe
def gaps_workbook(request: HttpRequest) -> HttpResponse:
    """The same as a workbook: totals by county and township, and one line a cell that lacks something."""
    scope = scope_or_403(request.user)
    edition = selectors.edition_now()
    rows = gaps_of(edition, scope, clock.today_beijing()) if edition else []
    access(request.user, "export", ("grids.gaps", "xlsx"), detail=f"{len(rows)} 个网格")
    left_codes = left_behind(edition) if edition and scope.everything else []
    return download(_book(edition, rows, left_codes), f"网格缺口-{clock.today_beijing()}.xlsx", XLSX)


def _book(edition: Edition | None, rows: list[CellGaps], left_codes: list[LeftCode]) -> bytes:
    names = {row.code: row.name for row in rows}
    heads = [(label, 12.0) for label in GAP_LABELS.values()]
    sums: list[list[Value]] = [
        [tally.name, tally.code, LEVEL_LABELS[Level(tally.level)], tally.cells, tally.whole, tally.percent,
         *(number for _, number in tally.counts)]
        for level in (Level.COUNTY, Level.TOWNSHIP)
        for tally in tallies(rows, level)
    ]  # fmt: skip
    cells: list[list[Value]] = [
        [row.code, row.name, LEVEL_LABELS[Level(row.level)], row.place, names.get(row.county, ""),
         names.get(row.township, ""),
         "、".join(GAP_LABELS[gap] for gap in Gap if gap in row.gaps)]
        for row in rows
        if row.gaps
    ]  # fmt: skip
    title = f"网格缺口（{edition.name if edition else '没有启用的边界'}，{clock.today_beijing()}）"
    first = (
        ("名称", 20.0),
        ("代码", 14.0),
        ("级别", 12.0),
        ("网格数", 9.0),
        ("无缺口", 9.0),
        ("完整率 %", 10.0),
        *heads,
    )
    second = (
        ("代码", 16.0),
        ("名称", 18.0),
        ("级别", 12.0),
        ("所在", 36.0),
        ("县（区）", 18.0),
        ("乡镇（街道）", 16.0),
        ("缺什么", 40.0),
    )
    tables = [Table("汇总", first, sums, title=title), Table("缺口", second, cells, title=title)]
    return workbook(*tables, *([_left_table(left_codes, title)] if left_codes else []))


def _left_table(left_codes: list[LeftCode], title: str) -> Table:
    """Who still holds a post under an old code, one line a term."""
    columns = (("旧代码", 16.0), ("名称", 18.0), ("级别", 12.0), ("岗位", 24.0), ("姓名", 12.0), ("自", 12.0), ("可转到", 40.0),
               ("说明", 40.0))  # fmt: skip
    rows: list[list[Value]] = [
        [left_code.code, left_code.name, LEVEL_LABELS[Level(left_code.level)], term.post.title, term.holder.full_name, term.starts,
         "、".join(f"{name} {code}" for code, name in left_code.targets.items()), why]
        for left_code in left_codes
        for term, why in [*((term, "") for term in left_code.terms), *left_code.fixed]
    ]  # fmt: skip
    return Table("旧代码上的岗位", columns, rows, title=title)
