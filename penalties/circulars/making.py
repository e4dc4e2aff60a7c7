"""The acts on a 通报: making it from the points of a period, and recording that it went out (C14)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from core import clock
from core.errors import BadInput, Conflict, Missing, NotAllowed
from firepoints.terms.scope import own_counties
from grids.models import User
from grids.roles import Role
from grids.selectors import roles_of
from journal.record import digests
from journal.record.sealing import seal_pending
from journal.record.services import access, record
from papers import filing
from penalties.circulars import paper
from penalties.circulars.content import circular_report
from penalties.circulars.report import CircularReport, check
from penalties.models import Circular, CircularDocument, CircularIssue
from penalties.selectors import sees_whole_table

MOST_DAYS = 366


def require_period(starts_on: date, ends_on: date) -> None:
    """Refuse dates the wrong way round, more than a year, or days that are not over."""
    if ends_on < starts_on:
        raise BadInput("结束日期不能早于开始日期", where="ends_on")
    if (ends_on - starts_on).days >= MOST_DAYS:
        raise BadInput("一份通报最多写一年", where="ends_on")
    if ends_on > clock.today_beijing():
        raise BadInput("结束日期还没有到", where="ends_on")


def circular_make(*, starts_on: date, ends_on: date, actor: User) -> Circular:
    """Freeze what stands about the fires of a period (Beijing dates, both included) and file both editions of the paper.

    The journal is sealed first, so that the head on the paper covers every act behind it. The same content on the same
    period again is the 通报 that is there. Raises NotAllowed for anybody but the bureau, BadInput, ReportMismatch.
    """
    _require_bureau(actor)
    require_period(starts_on, ends_on)
    seal_pending()
    report = circular_report(starts_on=starts_on, ends_on=ends_on)
    check(report)
    content = content_of(report)
    digest = digests.sha256(content)
    with transaction.atomic():
        earlier = Circular.objects.filter(starts_on=starts_on, ends_on=ends_on, content_hash=digest).first()
        return earlier or _filed(report, content, digest, actor)


def content_of(report: CircularReport) -> Any:
    """The content that is frozen and hashed: what the paper says about the fires, without the day and the journal head on it."""
    facts = asdict(report)
    for point in facts["points"]:
        point["standing"] = point.pop("stage")  # the key under which every 通报 so far is frozen
    return digests.plain({key: facts[key] for key in facts if key not in ("issued_on", "journal_head")})


def _filed(report: CircularReport, content: Any, digest: str, actor: User) -> Circular:
    row = Circular.objects.create(
        starts_on=report.starts_on, ends_on=report.ends_on, title=paper.subject(report), points=report.total.count,
        content=content, content_hash=digest, journal_head=report.journal_head, made_by=actor, at=clock.now(),
    )  # fmt: skip
    files = {}
    for kind in CircularDocument.Kind:
        is_public = kind == CircularDocument.Kind.PUBLIC
        name = f"{report.period}火点情况通报{'（公开版）' if is_public else ''}.docx"
        document = paper.render(report, is_public=is_public)
        stored = filing.store_paper(document, kind="documents", filename=name, suffix=".docx")
        CircularDocument.objects.create(
            circular=row, kind=kind, filename=stored.filename, stored_as=stored.stored_as, sha256=stored.sha256
        )
        files[stored.filename] = stored.sha256
    after = {"starts_on": row.starts_on, "ends_on": row.ends_on, "points": row.points, "digest": digest, "files": files}
    record("circular.made", row, actor, after=after)
    return row


@transaction.atomic
def circular_issue(
    *, circular: Circular, doc_no: str, issued_on: date, reported_on: date, actor: User
) -> CircularIssue:
    """Record the number under which a 通报 went out and when it was reported to the city government; once.

    The office system issues the number; it is never invented here. Raises NotAllowed, Missing, BadInput, Conflict.
    """
    _require_bureau(actor)
    if not doc_no.strip():
        raise Missing(["文号"])
    for where, day in (("issued_on", issued_on), ("reported_on", reported_on)):
        if not clock.beijing_date(circular.at) <= day <= clock.today_beijing():
            raise BadInput("日期应在生成通报之后、今天之前（都含当天）", where=where)
    try:
        with transaction.atomic():
            row = CircularIssue.objects.create(
                circular=circular, doc_no=doc_no.strip()[:80], issued_on=issued_on, reported_on=reported_on,
                recorded_by=actor, at=clock.now(),
            )  # fmt: skip
    except IntegrityError:
        raise Conflict("这份通报已经登记过印发。", code="circular_issued") from None
    after = {"doc_no": row.doc_no, "issued_on": issued_on, "reported_on": reported_on}
    record("circular.issued", circular, actor, after=after)
    return row


def circulars_for(user: User) -> QuerySet[Circular]:
    """The 通报 that `user` may read: the offices of the city all of them, a county's department those that went out."""
    circulars = Circular.objects.select_related("made_by", "issue")
    if sees_whole_table(user):
        return circulars
    return circulars.filter(issue__isnull=False) if own_counties(user) else circulars.none()


def paper_of(circular: Circular, kind: str, actor: User) -> tuple[str, bytes]:
    """(name, content) of a filed edition; who took it is noted. Raises BadInput when it is not there as it was filed."""
    row = circular.documents.filter(kind=kind).first()
    if row is None:
        raise BadInput("没有这一份文书", where="kind")
    content = filing.open_stored(row.stored_as).read_bytes()
    if filing.digest_of(content) != row.sha256:
        raise BadInput("文件与入档时的摘要不一致，请联系管理员", where=row.filename)
    access(actor, "export", row, detail=row.filename)
    return row.filename, content


def write_papers(circular: Circular, out: Path, actor: User) -> list[Path]:
    """Both editions into a folder. Raises BadInput when it cannot be written."""
    files = [paper_of(circular, kind, actor) for kind in CircularDocument.Kind.values]
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files:
            (out / name).write_bytes(content)
    except OSError as error:
        raise BadInput(f"写不进文件夹 {out}：{error.strerror}", where="out") from error
    return [out / name for name, _ in files]


def problems() -> list[str]:
    """The 通报 whose content is not what was hashed, as sentences, for `journal verify`."""
    rows = Circular.objects.values_list("title", "content", "content_hash").iterator(chunk_size=50)
    return [f"{title}：内容与摘要不符" for title, content, digest in rows if digests.sha256(content) != digest]


def _require_bureau(actor: User) -> None:
    if Role.BUREAU not in roles_of(actor):
        raise NotAllowed("通报由市局经办生成和登记")
