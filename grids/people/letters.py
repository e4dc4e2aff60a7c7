"""目标责任书: filing what two adjacent levels signed for a year (C3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction

from core import clock
from core.errors import BadInput, Conflict, Missing
from grids.models import Cell, Letter, User
from grids.roles import Level
from grids.selectors import edition_for, people_for
from grids.selectors.people import heads_on
from journal.record import digests
from journal.record.services import personal, record
from papers import filing

EARLIEST_YEAR = 2015


@dataclass(frozen=True, slots=True)
class Scan:
    """The signed paper as it came: its bytes, and the name of the file."""

    content: bytes
    filename: str


@transaction.atomic
def letter_record(
    *,
    year: int,
    cell_code: str,
    signed_on: date,
    scan: Scan,
    actor: User,
    signer: str = "",
    upper_signer: str = "",
) -> Letter:
    """File the signed letter between a cell and the one above it. Signers not named are the heads on the day of signing.

    Raises BadInput (no such cell, no scan, a date that has not come), Missing when a signer is neither named nor in
    office, Conflict when the year's letter of that cell is there already.
    """
    _check_dates(year, signed_on)
    cell = _cell(cell_code, signed_on)
    if cell.parent is None or cell.level == Level.CITY:
        raise BadInput("顶级网格没有上级，不签下级的责任书", where="网格")
    signer = signer.strip() or _head(cell, signed_on)
    upper_signer = upper_signer.strip() or _head(cell.parent, signed_on)
    missing = [label for label, name in (("下级签订人", signer), ("上级签订人", upper_signer)) if not name]
    if missing:
        raise Missing(missing)
    stored = _store(scan)
    try:
        with transaction.atomic():
            letter = _row(cell, year, signed_on, signer, upper_signer, stored, actor)
            letter.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(f"{cell.name} {year} 年的责任书已登记；有误请先作废。", code="letter_exists") from error
    after = {
        "year": year,
        "cell_code": cell.code,
        "upper_code": letter.upper_code,
        "signer": personal(signer),
        "upper_signer": personal(upper_signer),
        "signed_on": signed_on,
        "scan": stored.sha256,
    }
    record("letter.recorded", letter, actor, after=after)
    return letter


@transaction.atomic
def letters_record_below(*, uppers: Sequence[str], year: int, signed_on: date, scan: Scan, actor: User) -> int:
    """File one bound scan for everyone below some cells: who has signed already, or has nobody to sign, is left out.

    Returns how many letters were filed; one entry in the journal, with a digest of the pairs. Raises BadInput as
    `letter_record` does.
    """
    _check_dates(year, signed_on)
    edition, _ = edition_for(signed_on)
    cells = (
        []
        if edition is None
        else [
            cell
            for at in range(0, len(uppers), 500)
            for cell in edition.cells.filter(parent__code__in=uppers[at : at + 500])
            .select_related("parent")
            .defer("geometry")
        ]
    )
    heads = heads_on(signed_on)
    signed = set(Letter.objects.filter(year=year, voided_at__isnull=True).values_list("cell_code", flat=True))
    able = [
        cell
        for cell in cells
        if cell.code not in signed and cell.code in heads and cell.parent and cell.parent.code in heads
    ]
    if not able:
        return 0
    stored = _store(scan)
    rows = [
        _row(cell, year, signed_on, heads[cell.code], heads[cell.parent.code], stored, actor)
        for cell in able
        if cell.parent
    ]
    try:
        with transaction.atomic():
            Letter.objects.bulk_create(rows, batch_size=500)
    except IntegrityError as error:
        raise Conflict("其中的责任书刚刚由他人登记，请再试一次。", code="letter_exists") from error
    digest = digests.sha256([[row.cell_code, row.upper_code] for row in rows])
    after = {"year": year, "signed_on": signed_on, "letters": len(rows), "digest": digest, "scan": stored.sha256}
    record("letter.recorded_below", ("grids.letter", digest[:16]), actor, after=after)
    return len(rows)


def _store(scan: Scan) -> filing.Stored:
    return filing.store_scanned(scan.content, kind="letters", filename=scan.filename)


def _check_dates(year: int, signed_on: date) -> None:
    today = clock.today_beijing()
    if not EARLIEST_YEAR <= year <= today.year + 1:
        raise BadInput(f"年度应在 {EARLIEST_YEAR} 与 {today.year + 1} 之间", where="年度")
    if signed_on > today:
        raise BadInput("签订日期还没有到", where="签订日期")


def _row(
    cell: Cell, year: int, signed_on: date, signer: str, upper_signer: str, stored: filing.Stored, actor: User
) -> Letter:
    return Letter(
        year=year,
        cell_code=cell.code,
        upper_code=cell.parent.code if cell.parent else "",
        level=cell.level,
        signer=signer[:60],
        upper_signer=upper_signer[:60],
        signed_on=signed_on,
        scan_name=stored.filename,
        scan_sha256=stored.sha256,
        scan_stored_as=stored.stored_as,
        recorded_by=actor,
        recorded_at=clock.now(),
    )


@transaction.atomic
def letter_void(*, letter: Letter, actor: User, reason: str) -> Letter:
    """Take a wrong entry out of the count; it stays on record. Raises Missing without a reason, Conflict when void."""
    if not reason.strip():
        raise Missing(["作废原因"])
    changed = Letter.objects.filter(pk=letter.pk, voided_at__isnull=True).update(
        voided_at=clock.now(), void_reason=reason.strip()[:200]
    )
    if not changed:
        raise Conflict("这份责任书已作废。", code="letter_voided")
    letter.refresh_from_db()
    record("letter.voided", letter, actor, after={"year": letter.year, "cell_code": letter.cell_code}, reason=reason)
    return letter


def _cell(code: str, on: date) -> Cell:
    edition, _ = edition_for(on)
    cells = Cell.objects.filter(edition=edition, code=code).select_related("parent").defer("geometry")
    cell = cells.first() if edition and code.isprintable() else None
    if cell is None:
        raise BadInput(f"没有代码为 {code} 的网格", where="网格", code="unknown_cell")
    return cell


def _head(cell: Cell, on: date) -> str:
    rows = people_for({cell.level: cell.code}, on)
    return next((row.holder.full_name for row in rows if row.holder), "")
