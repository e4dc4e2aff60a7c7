"""The page of one batch: its figures, the steps of C13 with who and when, and the next act."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.urls import reverse

from core import clock
from core.transitions import Available, Transition
from firepoints.links import point_url
from firepoints.models import FirePoint
from grids.models import User
from grids.roles import ROLE_LABELS
from penalties import selectors
from penalties.batches import reports, steps, table
from penalties.batches.life import LIFE, Facts, available_actions
from penalties.batches.lines import Line, lines_for
from penalties.documents.report import BASIS_WORDS, MonthReport, ReportMismatch, check
from penalties.documents.wording import back_reason, place
from penalties.explaining.reach import entries_open_to
from penalties.models import Batch, BatchDocument, BatchState
from penalties.money import daxie, wan
from penalties.pages import finance_table
from penalties.pages.forms import StepForm

ORDER: list[BatchState] = [state for state in BatchState if state != BatchState.RETURNED]

# Before 报送 nothing is filed: the papers are made when they are asked for.
UNFILED = (BatchState.OPEN, BatchState.FROZEN)
STEP_TITLES = {"freeze": "冻结", "submit": "报送", "approve": "市政府同意", "send": "送财政", "settle": "已扣缴"}
BUTTONS = {
    "freeze": "冻结明细",
    "submit": "登记报送",
    "approve": "登记批件",
    "send": "登记送财政",
    "settle": "登记凭证",
    "empty": "清空这一批",
    "recall": "撤回这一批",
    "return": "登记退回",
}
SURE = {
    "freeze": "冻结这一批？冻结后不能再改。",
    "submit": "登记报送？请示和汇总表按此刻的内容入档。",
    "send": "登记已送财政？",
    "empty": "清空这一批？记入的全部冲回，这个批次不再用。",
    "recall": "撤回这一批？记入的全部冲回，这个批次不再用。",
    "return": "登记市政府退回？本批什么也不再成立。",
}
KIND_SHOWN = {BatchDocument.Kind.WORKBOOK: "表"}
DRAFTS = {"workbook": ("表", "扣缴汇总表", "XLSX"), "request": ("请示", "扣缴请示", "DOCX")}


def context_for(
    user: User, batch: Batch, *, payer: str = "", filled: Mapping[str, StepForm] | None = None
) -> dict[str, Any]:
    """The context of a batch's page; `filled` is the form of a step that was refused. The queries do not grow with the rows."""
    forms = filled or {}
    whole = selectors.sees_whole_table(user)
    rows = table.batch_rows(batch)
    lines = lines_for(user, batch, rows)
    report = narrowed(reports.batch_report(batch, rows), None if whole else {line.row.code for line in lines})
    available = {row.transition.action: row for row in available_actions(steps.facts_for(batch, user))}
    open_steps = [step for step, row in available.items() if row.is_open]
    next_act = _next_act(batch, lines, available, payer=payer, forms=forms)
    settled_fen = sum(line.settled_fen for line in lines)
    total = report.total
    proof, problems = _proof(report)
    return {
        "batch": batch,
        "whole": whole,
        "total": total,
        "rate": wan(report.rate_fen) if report.rate_fen is not None else "",
        "amount": finance_table.signed(total.amount_fen),
        "daxie": daxie(total.amount_fen),
        "sides": _sides(report) if report.corrections else None,
        "settled": finance_table.signed(settled_fen),
        "waiting": finance_table.signed(total.amount_fen - settled_fen),
        "cumulative": wan(total.cumulative_fen),
        "with_finance": batch.state in finance_table.WITH_FINANCE,
        "steps": _steps(batch, lines),
        "sum": finance_table.TableRow(
            no="", name="合计", figures=total, rate="—", sides=report.sides() if report.corrections else None
        ),
        "rows": finance_table.table_rows(
            report, batch, lines, whole=whole, may_settle=bool(next_act and next_act["form"])
        ),
        "proof": proof,
        "problems": problems,
        "points": _points(report, batch),
        "corrections": [
            {"row": item, "amount": wan(-item.amount_fen), "reason": back_reason(item)} for item in report.corrections
        ],
        "later_returns": _later_returns(user, batch),
        "left_out": _left_out(report),
        "docs": _documents(batch) if whole else [],
        "next": next_act if whole else None,
        "ways_back": _ways_back(batch, lines, open_steps, forms) if whole else [],
        "may_rebuild": "empty" in open_steps,
        "report": report,
        "year": batch.month[:4],
    }


def _sides(report: MonthReport, payers: Collection[str] | None = None) -> dict[str, Any]:
    """What is charged and what goes back, apart, with the capital amount of each."""
    sides = report.sides(payers)
    return {
        "row": sides,
        "due": wan(sides.due_fen),
        "due_daxie": daxie(sides.due_fen),
        "back": wan(sides.back_fen),
        "back_daxie": daxie(sides.back_fen),
    }


def narrowed(report: MonthReport, payers: set[str] | None) -> MonthReport:
    """The report with the lines, points and corrections of some payers only; None = as it is."""
    if payers is None:
        return report
    return replace(
        report,
        rows=tuple(row for row in report.rows if row.code in payers),
        points=tuple(point for point in report.points if point.payer_code in payers),
        corrections=tuple(item for item in report.corrections if item.payer_code in payers),
        left_out=tuple(row for row in report.left_out if row.payer_code in payers),
    )


def _proof(report: MonthReport) -> tuple[str, list[str]]:
    """The sentence that the sums agree, or what disagrees."""
    try:
        return check(report), []
    except ReportMismatch as error:
        return "", error.problems


def is_beyond(batch: Batch, transition: Transition[Facts]) -> bool:
    """Whether the batch has gone past every state from which a step is taken."""
    if batch.state == BatchState.RETURNED:
        return True
    at = ORDER.index(BatchState(batch.state))
    return all(at > ORDER.index(BatchState(source)) for source in transition.sources)


def _next_act(
    batch: Batch,
    lines: list[Line],
    available: Mapping[str, Available[Facts]],
    *,
    payer: str,
    forms: Mapping[str, StepForm],
) -> dict[str, Any] | None:
    """The step that comes next: its form for whoever may take it, else whose turn it is."""
    transition = next((row for row in LIFE.transitions if row.is_next and batch.state in row.sources), None)
    if transition is None:
        return None
    step = transition.action
    waiting = sum(1 for line in lines if line.open_fen)
    form = forms.get(step) or LIFE.forms[step](batch=batch, lines=lines, payer=payer)
    return _act_shown(batch, transition, form if step in available and available[step].is_open else None) | {
        "missing": available[step].missing if step in available else (),
        "jump": f"录入扣缴凭证（还差 {waiting}）" if step == "settle" else BUTTONS[step],
        "who": "或".join(label for role, label in ROLE_LABELS.items() if role in transition.roles),
    }


def _ways_back(
    batch: Batch, lines: list[Line], open_steps: list[str], forms: Mapping[str, StepForm]
) -> list[dict[str, Any]]:
    """The steps that take the batch back, for whoever may take them."""
    rows = [LIFE.by_action[step] for step in open_steps]
    return [
        _act_shown(batch, row, forms.get(row.action) or LIFE.forms[row.action](batch=batch, lines=lines))
        for row in rows
        if not row.is_next
    ]


def _act_shown(batch: Batch, transition: Transition[Facts], form: StepForm | None) -> dict[str, Any]:
    step = transition.action
    return {
        "step": step,
        "title": transition.label,
        "button": BUTTONS[step],
        "explained": transition.hint,
        "sure": SURE.get(step, ""),
        "form": form,
        "is_filled": form is not None and form.is_bound,
        "url": reverse("penalties:step", args=[batch.pk, step]),
    }


def _steps(batch: Batch, lines: list[Line]) -> list[dict[str, Any]]:
    """The bar of steps: freeze → submit → approve → send → settle; where the batch went back, it ends there."""
    is_back = batch.state == BatchState.RETURNED
    times = (batch.frozen_at, batch.submitted_at, batch.approved_at)
    reached = sum(map(bool, times)) if is_back else ORDER.index(BatchState(batch.state))
    facts = {
        "freeze": _frozen_words(batch),
        "submit": [_md(batch.submitted_on), batch.submit_doc_no or "文号由办公系统编发"],
        "approve": [f"批件日期 {_md(batch.approved_on)}", batch.approval_doc_no, "批件扫描已存"],
        "send": [_md(batch.sent_on), batch.sent_doc_no or "函已入档"],
        "settle": _voucher_words(lines),
    }
    bar = []
    for at, (step, title) in enumerate(list(STEP_TITLES.items())[: reached if is_back else None]):
        state = "done" if reached > at else "now" if reached == at else "todo"
        has_facts = state == "done" or (step == "settle" and batch.state in finance_table.WITH_FINANCE)
        bar.append({"state": state, "title": title, "lines": [text for text in facts[step] if text and has_facts]})
    if is_back:
        who = batch.returned_by.full_name if batch.returned_by else ""
        lines_back = [f"{_md(batch.returned_on)} · {who}", batch.return_doc_no, batch.return_reason]
        bar.append({"state": "now", "title": batch.state_words, "lines": [text for text in lines_back if text]})
    return bar


def _frozen_words(batch: Batch) -> list[str]:
    who = batch.checked_by.full_name if batch.checked_by else ""
    return [f"{_moment(batch.frozen_at)} · {who}", f"明细 sha256 {batch.content_hash[:4]}…{batch.content_hash[-4:]}"]


def _voucher_words(lines: list[Line]) -> list[str]:
    owed = [line for line in lines if line.row.figures.amount_fen]
    open_ = [line.row.name for line in owed if line.open_fen]
    more = f"等 {len(open_)} 个单位" if len(open_) > 2 else ""
    return [f"凭证 {len(owed) - len(open_)} / {len(owed)}", f"还差{'、'.join(open_[:2])}{more}" if open_ else "已结清"]


def _points(report: MonthReport, batch: Batch) -> list[dict[str, Any]]:
    """The annex: every charged 处 with the way to its page."""
    ids = dict(batch.entries.values_list("point__number", "point_id"))
    return [
        {
            "row": point,
            "url": point_url(ids[point.number]) if point.number in ids else "",
            "place": place(point),
            "basis": BASIS_WORDS[point.basis],
            "amount": wan(point.amount_fen),
            "account": _account_url(ids.get(point.number)),
            "is_first": at == 0 or report.points[at - 1].payer_code != point.payer_code,
        }
        for at, point in enumerate(report.points)
    ]


def _account_url(point_id: int | None) -> str:
    return reverse("penalties:account", args=[point_id]) if point_id else ""


def _later_returns(user: User, batch: Batch) -> list[dict[str, Any]]:
    """What later batches gave back of this one: each with its batch and the account that says why."""
    if batch.state == BatchState.OPEN:
        return []
    returns = entries_open_to(user).filter(reverses__batch=batch).exclude(batch=batch)
    return [
        {
            "number": str(entry.point),
            "payer": entry.payer_name,
            "batch": entry.batch,
            "reason": entry.reason,
            "amount": wan(entry.amount_fen),
            "account": _account_url(entry.point_id),
        }
        for entry in returns.select_related("point", "batch").order_by("pk")
    ]


def _left_out(report: MonthReport) -> list[dict[str, Any]]:
    """What was left out for its questions, each with the way to its page."""
    numbers = [row.number for row in report.left_out]
    ids = dict(FirePoint.objects.filter(number__in=numbers).values_list("number", "pk")) if numbers else {}
    return [{"row": row, "url": point_url(ids[row.number]) if row.number in ids else ""} for row in report.left_out]


def _documents(batch: Batch) -> list[dict[str, Any]]:
    """The filed papers, oldest first; before 报送 the drafts."""
    if batch.state in UNFILED:
        mark = "草稿，数字还会变" if batch.state == BatchState.OPEN else "已冻结，报送时入档"
        return [
            {
                "kind": kind,
                "title": title,
                "sub": mark,
                "links": [{"url": reverse("penalties:draft", args=[batch.pk, name]), "label": label}],
            }
            for name, (kind, title, label) in DRAFTS.items()
        ]
    return [
        {
            "kind": KIND_SHOWN.get(BatchDocument.Kind(row.kind), row.get_kind_display()),
            "title": row.title,
            "sub": f"{_moment(row.at)} 入档 · sha256 {row.sha256[:4]}…{row.sha256[-4:]}",
            "links": [
                {
                    "url": reverse("penalties:document", args=[batch.pk, row.pk]),
                    "label": Path(row.stored_as).suffix.lstrip(".").upper(),
                }
            ],
        }
        for row in batch.documents.order_by("pk")
    ]


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(clock.BEIJING):%m-%d %H:%M}" if at else ""


def _md(day: date | None) -> str:
    return f"{day:%m-%d}" if day else ""
