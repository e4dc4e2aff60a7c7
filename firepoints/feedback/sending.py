"""反馈: our answer in the issuer's own file, when it is due, when it went, and what the issuer said to it (policy.md §3)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Max

from core import clock
from core.errors import BadInput, Conflict, NotAllowed, Refused
from core.texts import required
from firepoints.feedback import delimited, xlsx
from firepoints.feedback.answers import RowAnswer, answers_of
from firepoints.feedback.columns import Columns, answer_columns, text_for
from firepoints.models import FeedbackDue, FeedbackSent, FinalWord, FirePoint, ImportRun, RawRow, Source
from firepoints.policy import rulings
from firepoints.sightings.readers.base import ParseOptions
from firepoints.sightings.readers.blocks import span_of
from firepoints.sightings.readers.fields import LIST
from firepoints.sightings.readers.headings import Heading, find_heading
from firepoints.sightings.readers.text import plain
from firepoints.steps.advancing import claim
from firepoints.steps.asking import Asking, Kind
from firepoints.terms.doubt import Doubt
from firepoints.terms.states import Conclusion, State
from grids.models import User
from grids.roles import Role
from grids.selectors import roles_of
from journal.record.services import access, record
from papers import filing
from papers.reading import OLE, Sheet, read_sheets

OLD_FORMAT = "旧格式 .xls 不能原样填写：请用 Excel 或 WPS 把原表另存为 .xlsx，撤回这次导入后重新导入，再填写反馈"


@dataclass(frozen=True, slots=True)
class Feedback:
    """The filled file: its name and bytes, cells written, cells left because something stood there, and the counts."""

    filename: str
    data: bytes
    written: int
    left: tuple[str, ...]
    rows: int
    answered: int

    def as_json(self) -> dict[str, Any]:
        return {
            "filename": self.filename,
            "sha256": filing.digest_of(self.data),
            "rows": self.rows,
            "answered": self.answered,
            "open": self.rows - self.answered,
            "cells_written": self.written,
            "cells_left": list(self.left),
        }


def feedback_file(*, run: ImportRun, actor: User) -> Feedback:
    """Fill the answers into the list as it came. Noted in journal.Access.

    Raises Refused for what is no official list in force, for an .xls, and when the stored file is gone.
    """
    require_list(run)
    filled = _filled(run, answers_of(run))
    access(actor, "export", run, detail=f"反馈 {filled.answered}/{filled.rows} 行")
    return filled


def require_list(run: ImportRun) -> None:
    """Raise Refused unless the run is an official list in force: only those are answered."""
    if run.source.source_class != Source.Class.OFFICIAL_LIST:
        raise BadInput("只有官方清单要反馈", where="反馈", code="not_a_list")
    if run.repeats_id:
        raise BadInput("这是同一份文件再导入一次，反馈在第一次导入里填", where="反馈", code="not_a_list")
    if "mends" in run.options:
        raise BadInput("这是更正的一行，反馈在原来那次导入里填", where="反馈", code="not_a_list")
    if run.state != ImportRun.State.COMMITTED:
        raise Conflict(f"这次导入现在是“{run.get_state_display()}”，不能反馈", code="run_not_in_force")


def is_answerable(run: ImportRun) -> bool:
    is_list = run.source.source_class == Source.Class.OFFICIAL_LIST and run.state == ImportRun.State.COMMITTED
    return is_list and not run.repeats_id and "mends" not in run.options


def due_of(run: ImportRun) -> tuple[date, str]:
    """(the day until which the answer is due, on what ground): as the issuer's document says, else by the setting."""
    row = run.feedback_dues.order_by("-pk").first()
    if row is not None:
        return row.due_on, row.document_no or "按来文"
    start = clock.beijing_date(run.committed_at or run.started_at)
    return start + timedelta(days=rulings.ruling("feedback_days", start)), "按设置"


def _filled(run: ImportRun, answers: Sequence[RowAnswer]) -> Feedback:
    path = filing.stored_path(run.stored_as)
    if not run.stored_as or not path.is_file():
        raise Refused("原表不在库里，不能填写", code="no_file")
    data = path.read_bytes()
    if data[:8] == OLE:
        raise Refused(OLD_FORMAT, code="old_format")
    sheets = read_sheets(data, ParseOptions(mapping=run.mapping))
    plans = {sheet.name: plan for sheet in sheets if (plan := _plan(sheet, run.mapping))}
    is_book = data[:4] == b"PK\x03\x04"
    content, written, unfilled = _into_book(data, plans, answers) if is_book else _into_text(data, plans, answers)
    done = sum(row_answer.answer.is_final for row_answer in answers)
    name = Path(run.filename)
    return Feedback(f"{name.stem}（反馈）{name.suffix}", content, written, unfilled, len(answers), done)


@dataclass(frozen=True, slots=True)
class _Plan:
    sheet: Sheet
    heading: Heading
    columns: Columns


def _plan(sheet: Sheet, mapping: dict[str, str]) -> _Plan | None:
    heading = find_heading(sheet.rows, LIST.spellings, LIST.required, mapping)
    return _Plan(sheet, heading, answer_columns(heading.names)) if heading else None


def _plan_beside(plans: dict[str, _Plan], name: str) -> _Plan | None:
    """The plan of a table beside another: only columns of its own are filled, there is no room to add any."""
    sheet, first, end = span_of(name)
    whole = plans.get(sheet)
    if whole is None or not first:
        return None
    names = [text if first <= at < end else "" for at, text in enumerate(whole.heading.names)]
    columns = answer_columns(names)
    return replace(whole, columns=columns) if columns.asks else None


def _into_book(
    data: bytes, plans: dict[str, _Plan], answers: Sequence[RowAnswer]
) -> tuple[bytes, int, tuple[str, ...]]:
    cells: list[xlsx.CellText] = []
    unfilled: list[str] = []
    for name, plan in plans.items():
        last = max((at for at, heading in enumerate(plan.heading.names) if heading), default=0)
        cells += [
            xlsx.CellText(name, plan.heading.top + 1, at, text, style_from=last) for at, text in plan.columns.added
        ]
    for row_answer in answers:
        mine = plans.get(row_answer.row.sheet) or _plan_beside(plans, row_answer.row.sheet)
        if mine is None:
            unfilled.append(f"{row_answer.row.sheet}!{row_answer.row.row_no}")
            continue
        for kind, column in mine.columns.places:
            cell = _cell(mine, row_answer, kind, column)
            if cell is None:
                continue
            if _stands(mine.sheet, row_answer.row.row_no, column):
                unfilled.append(_place(cell)) if kind in ("verdict", "result") else None
            else:
                cells.append(cell)
    filled = xlsx.fill(data, cells)
    return filled.data, filled.written, (*unfilled, *(_place(cell) for cell in filled.left))


def _cell(plan: _Plan, row_answer: RowAnswer, kind: str, column: int) -> xlsx.CellText | None:
    heading = plan.heading.names[column] if column < len(plan.heading.names) else ""
    text = text_for(kind, row_answer.answer, heading)
    if not text:
        return None
    last = max((at for at, name in enumerate(plan.heading.names) if name), default=0)
    return xlsx.CellText(plan.sheet.name, row_answer.row.row_no, column, text, style_from=last)


def _stands(sheet: Sheet, row_no: int, column: int) -> bool:
    """Whether the issuer, or somebody before us, has written in that cell: then it is theirs."""
    row = sheet.rows[row_no - 1] if row_no <= len(sheet.rows) else []
    return column < len(row) and plain(row[column]) != ""


def _place(cell: xlsx.CellText) -> str:
    return f"{cell.sheet}!{xlsx.letters(cell.column)}{cell.row}"


def _into_text(
    data: bytes, plans: dict[str, _Plan], answers: Sequence[RowAnswer]
) -> tuple[bytes, int, tuple[str, ...]]:
    plan = plans.get("")
    if plan is None:
        raise Refused("原表的表头读不懂，不能填写", code="no_heading")
    added: dict[int, Sequence[str]] = {plan.heading.top + 1: ("核实结果", "核实说明")}
    added |= {row_answer.row.row_no: (row_answer.answer.text, row_answer.answer.remark) for row_answer in answers}
    return delimited.append_columns(data, added), 2 * len(answers), ()


@transaction.atomic
def feedback_due_set(*, run: ImportRun, actor: User, due_on: date, document_no: str = "") -> FeedbackDue:
    """Register until when the issuer wants the answer, by its document. Raises NotAllowed, Refused for what is no list."""
    require_bureau(actor)
    require_list(run)
    row = FeedbackDue.objects.create(run=run, due_on=due_on, document_no=document_no.strip()[:80], actor=actor)
    record("feedback.due_set", run, actor, after={"due_on": due_on.isoformat(), "document_no": row.document_no})
    return row


@transaction.atomic
def feedback_sent(*, run: ImportRun, actor: User, sent_on: date, document_no: str = "") -> FeedbackSent:
    """Register that the answer went out as it stands now; the filled file is kept by its hash.

    Raises NotAllowed, BadInput for a date in the future, Refused as `feedback_file`.
    """
    require_bureau(actor)
    require_list(run)
    if sent_on > clock.today_beijing():
        raise BadInput("报送日期在将来", where="sent_on")
    filled = _filled(run, answers_of(run))
    suffix = Path(filled.filename).suffix.lower()[:8]
    row = FeedbackSent.objects.create(
        run=run,
        document_no=document_no.strip()[:80],
        sent_on=sent_on,
        stored_as=filing.store_bytes(filled.data, kind="feedback", suffix=suffix),
        sha256=filing.digest_of(filled.data),
        rows=filled.rows,
        answered=filled.answered,
        actor=actor,
    )
    entry_after = {"document_no": row.document_no, "sent_on": sent_on.isoformat(), "sha256": row.sha256}
    record("feedback.sent", run, actor, after={**entry_after, "rows": row.rows, "answered": row.answered})
    return row


@transaction.atomic
def final_word_record(
    *,
    row: RawRow,
    actor: User,
    accepted: bool,
    document_no: str,
    document_date: date,
    note: str = "",
    row_answer: RowAnswer | None = None,
) -> FinalWord:
    """Record what the issuer said to our answer for one row. A rejected 查否 becomes an open question of its point.

    Nothing that was decided changes by this: the bureau, or the person who decides, looks at it again. The same words
    again add nothing. `row_answer`: our answer, if the caller has read it in this transaction. Raises NotAllowed, Missing
    without a document, BadInput, StaleVersion.
    """
    require_bureau(actor)
    require_list(row.run)
    # Two words on one row follow each other (PostgreSQL; SQLite has one writer anyway).
    list(ImportRun.objects.select_for_update(no_key=True).filter(pk=row.run_id).values_list("pk"))
    document_no = required(document_no, "终审意见的文号")
    if document_date > clock.today_beijing():
        raise BadInput("文件日期在将来", where="document_date")
    row_answer = row_answer or answers_of(row.run, [row])[0]
    last: FinalWord | None = row.final_words.order_by("-seq").first()
    if last and (last.accepted, last.document_no, last.document_date) == (accepted, document_no[:80], document_date):
        return last
    seq = (row.final_words.aggregate(last=Max("seq"))["last"] or 0) + 1
    word = FinalWord.objects.create(
        row=row, seq=seq, point=row_answer.point, accepted=accepted, answer=row_answer.answer.text[:300],
        document_no=document_no[:80], document_date=document_date, note=note.strip()[:300], actor=actor,
    )  # fmt: skip
    after = {"row": row.row_no, "sheet": row.sheet, "accepted": accepted, "answer": word.answer,
             "document_no": word.document_no, "document_date": document_date.isoformat(),
             "point": row_answer.point.pk if row_answer.point else None}  # fmt: skip
    record("feedback.final_word", row.run, actor, after=after, reason=word.note)
    if not accepted and row_answer.point is not None:
        _ask_again(row_answer.point, word, actor)
    return word


def _ask_again(point: FirePoint, word: FinalWord, actor: User) -> None:
    """Put the rejected answer before a person; the point itself stays as it is (nothing is reopened by a list)."""
    is_negative = point.verification is not None and point.verification.conclusion == Conclusion.FALSE
    todo = "重新核实" if point.state not in (State.VERIFIED, State.DISPATCHED, State.SUSPECTED) else "退回补证"
    sentence = f"发布单位不认可“{word.answer}”（{word.document_no}，{word.document_date}）："
    sentence += f"建议{todo}，或“复核后维持”" if is_negative else "请复核"
    claim(point)
    detection = word.row.detection_id
    asking = Asking(actor)
    about_the_list = None if detection else word.row.run_id
    asking.say(point, Doubt(Kind.ISSUER_DISAGREES, sentence, detection=detection, run=about_the_list), actor)
    record("fire_point.questioned", point, actor, after=asking.told(), reason=word.note)


def require_bureau(actor: User) -> None:
    """Raise NotAllowed for anyone but the bureau and the system."""
    if not roles_of(actor) & {Role.BUREAU, Role.SYSTEM}:
        raise NotAllowed("反馈由市局经办")
