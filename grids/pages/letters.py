"""目标责任书: how far each level has signed, who is still to be reminded, the paper to print and the scan (C3)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core import clock
from core.errors import Refused
from grids import selectors
from grids.models import Cell, Letter
from grids.people import letter_paper as paper
from grids.people import wording
from grids.rights import cell_or_404, scope_or_403
from grids.roles import LEVEL_LABELS, LEVELS, Level
from grids.selectors.keeping import keeper_scope
from grids.selectors.letters import Pair, coverage, pairs_of, signers
from journal.record.services import access
from journal.selectors import deployment
from papers import filing
from papers.downloads import DOCX, SCANS, XLSX, download
from papers.tables import Table, workbook

PAGE = 50
FIRST_YEAR = 2016


def _year(request: HttpRequest) -> int:
    text, now = request.GET.get("year", ""), clock.today_beijing().year
    return int(text) if text.isascii() and text.isdecimal() and FIRST_YEAR <= int(text[:6]) <= now + 1 else now


def _pairs(request: HttpRequest, year: int) -> list[Pair]:
    scope, edition = scope_or_403(request.user), selectors.edition_now()
    return pairs_of(edition, scope, year) if edition else []


@require_safe
def letters(request: HttpRequest) -> HttpResponse:
    """Coverage by level and county, and the pairs that have not signed."""
    year = _year(request)
    pairs = _pairs(request, year)
    missing = [pair for pair in pairs if pair.letter is None]
    page = Paginator(missing, PAGE).get_page(request.GET.get("page"))
    names = {pair.code: pair.name for pair in pairs if pair.level == Level.COUNTY}
    context = {
        "year": year,
        "years": range(clock.today_beijing().year + 1, FIRST_YEAR - 1, -1),
        "coverage": coverage(pairs),
        "counties": [
            {"code": code, "name": name, "levels": coverage([pair for pair in pairs if pair.county == code])}
            for code, name in sorted(names.items())
        ],
        "page": page,
        "missing": [{"pair": pair, "level": LEVEL_LABELS[Level(pair.level)]} for pair in page],
        "params": f"year={year}&",
        "total": len(pairs),
        "may_keep": bool(keeper_scope(request.user)),
    }
    return render(request, "grids/letters.html", context)


@require_safe
def letters_workbook(request: HttpRequest) -> HttpResponse:
    """Every pair of the year, signed or not, as a workbook: the list for reminding."""
    year = _year(request)
    pairs = _pairs(request, year)
    access(request.user, "export", ("grids.letters", str(year)), detail=f"{len(pairs)} 对")
    columns = (("级别", 12.0), ("上级", 20.0), ("下级", 20.0), ("代码", 16.0), ("签订", 10.0), ("签订日期", 12.0),
               ("上级签订人", 12.0), ("下级签订人", 12.0))  # fmt: skip
    rows = [_line(pair) for pair in pairs]
    book = workbook(Table(f"{year}年", columns, rows, title=f"{year} 年秸秆禁烧目标责任书签订情况"))
    return download(book, f"责任书-{year}.xlsx", XLSX)


def _line(pair: Pair) -> list[Any]:
    signed = pair.letter
    return [
        LEVEL_LABELS[Level(pair.level)],
        pair.upper_name,
        pair.name,
        pair.code,
        "已签" if signed else "未签",
        signed.signed_on if signed else None,
        signed.upper_signer if signed else "",
        signed.signer if signed else "",
    ]


@require_safe
def letter_paper(request: HttpRequest, code: str) -> HttpResponse:
    """The letter of one pair to print and sign, with today's heads."""
    edition = selectors.edition_now()
    cell, above = cell_or_404(request.user, code, edition)
    if not above or cell.level == Level.CITY or edition is None:
        raise Http404("顶级网格没有上级，不签责任书。")
    year, today = _year(request), clock.today_beijing()
    upper_row, row = signers(cell, today)
    titles = wording.words("titles", today)
    own = wording.words("letter", today)
    policy = f"《{titles['policy_title']}》" if titles.get("policy_title") else ""
    number = f"（{titles['policy_no']}）" if titles.get("policy_no") else ""
    content = paper.render(
        paper.LetterPaper(
            year=year,
            upper=_party(above[-1], upper_row),
            lower=_party(cell, row),
            basis=f"{policy}{number}",
            below=_below(cell),
            printed_on=today,
            duties=tuple(own.get("duties") or paper.DUTIES),
            marks=("演示数据",) if deployment().is_demo else (),
        )
    )
    return download(content, f"责任书-{year}-{cell.name or cell.code}.docx", DOCX)


def _party(cell: Cell, row: selectors.PersonRow | None) -> paper.Party:
    unit = row.post.unit if row and row.post and row.post.unit else cell.name
    post = row.post.title if row and row.post else ""
    return paper.Party(unit, cell.name, post, row.holder.full_name if row and row.holder else "")


def _below(cell: Cell) -> list[tuple[str, int]]:
    """How many cells of each lower level lie in a cell: one query a level."""
    numbers = Counter[str]()
    above = [cell.pk]
    for level in LEVELS[LEVELS.index(Level(cell.level)) + 1 :]:
        rows = Cell.objects.filter(edition_id=cell.edition_id, parent__in=above, level=level)
        above = list(rows.values_list("pk", flat=True))
        numbers[LEVEL_LABELS[level]] = len(above)
    return list(numbers.items())


@require_safe
def letter_scan(request: HttpRequest, pk: int) -> HttpResponse:
    """The signed paper as it was filed, for whoever may see the cell; noted as an access."""
    letter = Letter.objects.filter(pk=pk).first()
    if letter is None:
        raise Http404("没有这份责任书。")
    cell_or_404(request.user, letter.cell_code, selectors.edition_now())
    try:
        content = filing.open_stored(letter.scan_stored_as).read_bytes()
    except Refused as refused:
        raise Http404(refused.message) from refused
    access(request.user, "letter", letter, str(letter))
    suffix = "." + letter.scan_stored_as.rpartition(".")[2]
    return download(content, letter.scan_name, SCANS.get(suffix, "application/octet-stream"))
