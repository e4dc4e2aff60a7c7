"""The month, or a batch, as one report value; and the papers made from it (C13, policy.md §7)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from django.db.models import QuerySet

from core import clock
from core.errors import BadInput
from core.month import Month, span_words
from firepoints.models import AttributionPerson, FirePoint, Recognition, Ruling
from grids.models import Edition, User
from grids.roles import PostKind
from journal.record.sealing import head, seal_pending
from journal.record.services import access, record
from journal.selectors import deployment
from papers import filing
from penalties.batches import grounds, held, persons, table
from penalties.documents import han, qingshi, workbook
from penalties.documents.report import (
    Approval,
    CorrectionRow,
    LeftOutRow,
    MonthReport,
    PayerRow,
    PointRow,
    Titles,
    check,
)
from penalties.ledger import figures, posting
from penalties.ledger.difference import EntryDraft, Movement
from penalties.ledger.differing import pieces
from penalties.ledger.figures import covering, live_batches
from penalties.models import Batch, BatchDocument, BatchState, LedgerEntry
from penalties.money import wan
from penalties.rules import stored as rules


def titles() -> Titles:
    """The names of the offices and the levy, from the pack; plain words on a home without one."""
    row = Ruling.objects.filter(key="titles").order_by("-valid_from").first()
    root = Ruling.objects.filter(key="root").order_by("-valid_from").first()
    named = row.value if row else {}
    city = root.value.get("name", "") if root else ""
    return Titles(
        city=city,
        bureau=named.get("bureau", f"{city}生态环境局"),
        government=named.get("government", f"{city}人民政府"),
        finance=named.get("finance", f"{city}财政局"),
        policy=named.get("policy_title", ""),
        policy_no=named.get("policy_no", ""),
        clause=named.get("clause", "四（二）"),
    )


def month_report(*, month: str) -> MonthReport:
    """The monthly report: the month's own, and what the fires of its year come to; whether or not there is a batch (C13).

    With a batch of the month: the figures as they were frozen, so that a settled month is told again word for word.
    Without: what stands for the fires of the month now, posted or not, marked as a draft, and what they come to with those
    of the months before. No money is in the reports of two months (`penalties.ledger.figures.reported_in`).
    """
    of_own, of_others = figures.reported_in(month)
    entries = [*_in_order(of_own), *_in_order(of_others)]
    batch = covering(live_batches(), month).order_by("pk").last()
    if batch is not None:
        rows = table.month_rows(month) if batch.month == month else table.span_rows(month, entries, batch)
        report = _build(month, rows, *both_sides(entries), batch=batch, pinned=_pinned(batch))
        return report if batch.month == month else replace(report, batch="")
    drafts = posting.drafts_for(month=month, cut_off=clock.now())
    own_drafts = _reported_drafts(month, drafts)
    charges, returns = _with_drafts(*both_sides(entries), own_drafts)
    rows = table.draft_rows(month, charges + returns, drafts)
    return _build(month, rows, charges, returns, batch=None)


def _in_order(entries: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    return entries.order_by("id").select_related("rule")


def _reported_drafts(month: str, drafts: list[EntryDraft]) -> list[EntryDraft]:
    """What is not posted yet and the report of a month without a batch tells: of its own fires; and, where it comes next
    after the last batch, what is late for months that have one."""
    spans = list(live_batches().values_list("first_month", "month")) if figures.takes_what_is_late(month) else []
    return [
        draft for draft in drafts if draft.month == month or any(first <= draft.month <= last for first, last in spans)
    ]


def _with_drafts(
    charges: list[LedgerEntry], returns: list[LedgerEntry], drafts: list[EntryDraft]
) -> tuple[list[Movement], list[Movement]]:
    """The annexes with what is only proposed: a charge that is to be given back is in neither."""
    back = {draft.reverses_id for draft in drafts}
    own = {move.pk for move in charges}
    lasting = [move for move in charges if move.pk not in back]
    new = [draft for draft in drafts if draft.reverses_id is None]
    returned = [draft for draft in drafts if draft.reverses_id is not None and draft.reverses_id not in own]
    return [*lasting, *new], [*returns, *returned]


def batch_report(batch: Batch, rows: list[PayerRow] | None = None) -> MonthReport:
    """One batch as a report, one that stands no more as it was frozen; `rows` is its table, where the caller has it."""
    charges, returns = both_sides(entries_of(batch))
    return _build(batch.month, table.batch_rows(batch) if rows is None else rows, charges, returns, batch=batch)


def entries_of(batch: Batch) -> list[LedgerEntry]:
    """The entries of a batch; of one that stands no more those of its freezing, without what undid them."""
    entries = LedgerEntry.objects.filter(batch=batch).select_related("rule").order_by("id")
    if batch.state == BatchState.RETURNED:
        entries = entries.filter(pk__lte=batch.last_entry_id or 0)
    return list(entries)


def both_sides(entries: Iterable[LedgerEntry]) -> tuple[list[LedgerEntry], list[LedgerEntry]]:
    """(charges, returns) of posted entries; what was charged and given back within them is in neither."""
    entries = list(entries)
    ids = {entry.pk for entry in entries}
    reversed_ids = {entry.reverses_id for entry in entries}
    charges = [entry for entry in entries if entry.reverses_id is None and entry.pk not in reversed_ids]
    returns = [entry for entry in entries if entry.reverses_id is not None and entry.reverses_id not in ids]
    return charges, returns


@dataclass(frozen=True, slots=True)
class Pinned:
    """The date and the journal head that a paper bears: those of today, or of the paper as it was filed."""

    issued_on: date
    journal_head: str


def _pinned(batch: Batch) -> Pinned | None:
    """Of a month that went to the city government: what stood on its papers then, so that the bytes are the same."""
    filed = batch.documents.filter(kind=BatchDocument.Kind.WORKBOOK).exclude(journal_head="").order_by("pk").last()
    if filed is None:
        return None
    return Pinned(clock.beijing_date(filed.at), filed.journal_head)


def _build(
    month: str,
    rows: list[PayerRow],
    charges: Sequence[Movement],
    returns: Sequence[Movement],
    *,
    batch: Batch | None,
    pinned: Pinned | None = None,
) -> MonthReport:
    home = deployment()
    seq, hash_ = head()
    pinned = pinned or Pinned(clock.today_beijing(), f"{seq}:{hash_}")
    rate_fen = _rate_fen(Month.parse(month).last_day)
    lines = table.Lines(rows, on=Month.parse(month).last_day)
    # A late point under an older rule: its payer's line has no single rate, and is checked against the annex instead.
    mixed = {lines.of(charge.payer_code) for charge in charges if charge.amount_fen != rate_fen}
    mixed |= {lines.of(back.payer_code) for back in returns if back.amount_fen != -(rate_fen or 0)}
    synthetic = Edition.objects.filter(state=Edition.State.ACTIVE, is_synthetic=True).exists()
    return MonthReport(
        titles=titles(),
        deployment=home.title or home.name,
        month=month,
        period=_period(charges, returns) or batch.span if batch else Month.parse(month).words,
        unfinished=_unfinished(month, clock.beijing_date(batch.cut_off) if batch else clock.today_beijing()),
        issued_on=pinned.issued_on,
        rows=tuple(row if row.code in mixed else replace(row, rate_fen=rate_fen) for row in rows),
        points=_points(charges, lines),
        corrections=_corrections(returns, lines),
        journal_head=pinned.journal_head,
        is_demo=home.is_demo,
        is_draft=batch is None or batch.state == BatchState.OPEN,
        batch=str(batch) if batch else "",
        prepared_by=batch.prepared_by.full_name if batch else "",
        checked_by=batch.checked_by.full_name if batch and batch.checked_by else "",
        approval=Approval(batch.approval_doc_no, batch.approved_on) if batch and batch.approved_on else None,
        same_person=persons.same_person_words(batch) if batch else "",
        left_out=_left_out(month, batch),
        notes=(
            *_other_years(month, batch, [*charges, *returns]),
            *(("县以下边界为示意边界，不作划界依据。",) if synthetic else ()),
        ),
    )


def _period(charges: Sequence[Movement], returns: Sequence[Movement]) -> str:
    """The span of the fires that a batch holds, in words; of what goes back, where nothing is charged. "" for none."""
    months = [Month.parse(movement.month) for movement in charges or returns]
    return span_words(min(months), max(months)) if months else ""


def _unfinished(month: str, cut_off_on: date) -> str:
    last = Month.parse(month)
    return (
        f"{last.words}还没有结束，数字截至{cut_off_on.month}月{cut_off_on.day}日" if cut_off_on <= last.last_day else ""
    )


def _left_out(month: str, batch: Batch | None) -> tuple[LeftOutRow, ...]:
    rows = held.left_out(batch) if batch else held.left_out_now(month=month, cut_off=clock.now())
    return tuple(LeftOutRow(row.number, row.payer_code, row.payer_name, row.why) for row in rows)


def _other_years(month: str, batch: Batch | None, movements: Iterable[Movement]) -> tuple[str, ...]:
    """What the fires of other years come to as of a batch that moves money of them, one sentence a year."""
    years = sorted({move.month[:4] for move in movements} - {month[:4]})
    if batch is None:
        return ()
    return tuple(
        _year_words(year, figures.of_entries(figures.as_of(batch).filter(figures.burned_in_year(year))))
        for year in years
    )


def _year_words(year: str, sums: figures.Sums) -> str:
    count, fen = sum(row.count for row in sums.values()), sum(row.amount_fen for row in sums.values())
    return f"本期含{year}年的火点；截至本期，{year}年累计{count}处、{wan(fen)}万元，不计入本年累计。"


def _rate_fen(day: date) -> int | None:
    rule = rules.rule_on(day)
    return rules.definition(rule).fixed_fen if rule else None


def _points(charges: Sequence[Movement], lines: table.Lines) -> tuple[PointRow, ...]:
    """The annex of charged points: by payer, day of burning and number."""
    recognitions = Recognition.objects.select_related(
        "point", "attribution__edition", "charged_detection__source", "recognised_by"
    ).in_bulk([charge.recognition_id for charge in charges])
    heads = _heads(recognition.attribution_id for recognition in recognitions.values())
    ends = grounds.endings(_moments(charges))
    rows = []
    for charge in charges:
        recognition = recognitions[charge.recognition_id]
        payer = lines.named(charge.payer_code, charge.payer_name)
        row = _point_row(recognition, charge, payer, heads.get(recognition.attribution_id, ""))
        end = ends.get(charge.point_id, grounds.Ending())
        rows.append(replace(row, final_by=end.way, waiver_no=end.waiver_no))
    return tuple(sorted(rows, key=lambda row: (row.payer_code, row.burned_on, row.number)))


def _moments(movements: Sequence[Movement]) -> dict[int, datetime]:
    """Point → when its money moved; of what is only proposed, now."""
    return {movement.point_id: getattr(movement, "at", None) or clock.now() for movement in movements}


def _point_row(recognition: Recognition, charge: Movement, payer: tuple[str, str], responsible: str) -> PointRow:
    """The time is that of the sighting on which the charge rests: what the point gathers later changes no paper."""
    point, place, detection = recognition.point, recognition.attribution, recognition.charged_detection
    sighting = detection or point
    at = sighting.starts_at.astimezone(clock.BEIJING)
    exact = sighting.precision == "instant"
    return PointRow(
        number=str(point),
        payer_code=payer[0],
        payer_name=payer[1],
        township=place.township_name,
        village=place.village_name,
        group=place.group_name,
        burned_on=recognition.burn_date,
        burned_at=f"{at:%H:%M}" if exact else "",
        source=detection.source.name if detection else "",
        basis=charge.basis,
        lon=place.lon,
        lat=place.lat,
        decided_on=recognition.at.astimezone(clock.BEIJING).date(),
        reason=recognition.reason,
        attribution=place.edition.name,
        responsible=responsible,
        amount_fen=charge.amount_fen,
    )


def _heads(attribution_ids: Iterable[int]) -> dict[int, str]:
    """attribution id → the head of the lowest cell that had one on the fire's date, in one query for some thousand."""
    order = {"county": 1, "township": 2, "village": 3, "group": 4}
    heads = AttributionPerson.objects.filter(holder__isnull=False, post__kind=PostKind.HEAD)
    best: dict[int, tuple[int, str]] = {}
    for ids in pieces(list(attribution_ids)):
        rows = heads.filter(attribution_id__in=ids).order_by("pk")
        for pk, level, name, title in rows.values_list("attribution_id", "level", "holder__full_name", "post__title"):
            rank = order.get(level, 0)
            if rank > best.get(pk, (-1, ""))[0]:
                best[pk] = (rank, f"{name}（{title}）")
    return {attribution_id: label for attribution_id, (_, label) in best.items()}


def _corrections(returns: Sequence[Movement], lines: table.Lines) -> tuple[CorrectionRow, ...]:
    """The annex of what goes back, each with the batch that charged it."""
    points = FirePoint.objects.in_bulk([back.point_id for back in returns])
    charges = LedgerEntry.objects.select_related("batch").in_bulk([back.reverses_id for back in returns])
    payers = [lines.named(back.payer_code, back.payer_name) for back in returns]
    acts = grounds.taken_away(_moments(returns))
    return tuple(
        _with_act(
            acts.get(back.point_id),
            CorrectionRow(
                number=str(points[back.point_id]),
                payer_code=code,
                payer_name=name,
                original_batch=str(charges[back.reverses_id].batch) if back.reverses_id else "",
                month=back.month,
                basis=back.basis,
                reason=back.reason,
                amount_fen=back.amount_fen,
            ),
        )
        for back, (code, name) in zip(returns, payers, strict=True)
    )


def _with_act(act: grounds.TakenAway | None, row: CorrectionRow) -> CorrectionRow:
    """The correction with the act that took the charge away, and its reason in the place of the ledger's."""
    return replace(row, act=act.act, on=act.on, by=act.by, reason=act.reason or row.reason) if act else row


@dataclass(frozen=True, slots=True)
class Paper:
    """One made document in memory."""

    kind: str
    title: str
    filename: str
    content: bytes

    @property
    def suffix(self) -> str:
        return Path(self.filename).suffix


def papers(report: MonthReport) -> list[Paper]:
    """The workbook and the 请示 of a report. Raises ReportMismatch before anything is made if the sums disagree."""
    check(report)
    stem = report.month if not report.batch else report.batch
    return [
        Paper(
            BatchDocument.Kind.WORKBOOK,
            f"{report.period}扣缴汇总表",
            f"{stem}-扣缴汇总表.xlsx",
            workbook.render(report),
        ),
        Paper(BatchDocument.Kind.REQUEST, f"{report.period}扣缴请示", f"{stem}-请示.docx", qingshi.render(report)),
    ]


def write_reports(*, month: str, out: Path, actor: User | None = None) -> tuple[MonthReport, list[Path]]:
    """Write the month's papers into a folder, and note who took them out (journal.Access).

    The journal is sealed first, so that the head printed on the papers covers every act behind them.
    Raises BadInput when the folder cannot be written.
    """
    seal_pending()
    report = month_report(month=month)
    documents = papers(report)
    paths = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for paper in documents:
            (out / paper.filename).write_bytes(paper.content)
            paths.append(out / paper.filename)
    except OSError as error:
        raise BadInput(f"写不进文件夹 {out}：{error.strerror}", where="out") from error
    access(actor, "export", ("report", month), detail=report.journal_head)
    return report, paths


def letter(report: MonthReport) -> Paper:
    """The 函 to the finance bureau, which cites the approval. Raises NotApproved without one."""
    check(report)
    return Paper(BatchDocument.Kind.LETTER, f"{report.period}扣缴函", f"{report.batch}-函.docx", han.render(report))


def file_batch_documents(*, batch: Batch, actor: User, documents: list[Paper] | None = None) -> list[BatchDocument]:
    """Keep papers of a batch exactly as they left the house, with the journal head printed on them.

    By default the workbook and the 请示 that go to the city government.
    """
    report = batch_report(batch)
    rows = []
    for paper in papers(report) if documents is None else documents:
        stored = filing.store_paper(paper.content, kind="documents", filename=paper.filename, suffix=paper.suffix)
        rows.append(
            BatchDocument.objects.create(
                batch=batch,
                kind=paper.kind,
                title=paper.title,
                filename=paper.filename,
                stored_as=stored.stored_as,
                sha256=stored.sha256,
                journal_head=report.journal_head,
                is_draft=report.is_draft,
                at=clock.now(),
            )
        )
    record("report.written", batch, actor, after={"files": {row.filename: row.sha256 for row in rows}})
    return rows
