"""The appointment of a named person to a post of a cell: account, phone, post and term, each an act of its own (C2)."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction

from core import clock
from core.errors import BadInput
from grids.models import Post, Term, User
from grids.people.phones import phone_set, readable_phone
from grids.people.posts import account_open, post_create, term_start
from grids.people.roster_plan import Verdict, roster_plan
from grids.people.roster_row import RosterRow
from grids.roles import RESPONSIBLE_KINDS


@transaction.atomic
def appoint(*, row: RosterRow, actor: User) -> Term:
    """Make the person of the row the holder of its responsible post from `starts` (None = today); returns the term. The
    predecessor's term ends that day.

    The person is the account of that name with that phone, or the one of that name on this post; else an account
    without a password is opened. Raises BadInput (with the column at fault) and Conflict when terms would overlap.
    """
    if row.kind not in RESPONSIBLE_KINDS:
        raise BadInput("这里只设网格责任人的岗位", where="岗位类别", code="unknown_kind")
    starts = row.starts or clock.today_beijing()
    row = replace(row, full_name=row.full_name.strip(), starts=starts)
    planned = roster_plan(rows=[row], starts=starts, actor=actor).rows[0]
    if planned.verdict == Verdict.REJECTED:
        raise BadInput(planned.reason, where=planned.column)
    if planned.verdict in (Verdict.SAME, Verdict.PHONE) and planned.holder:
        post = Post.objects.get(cell_code=row.cell_code, kind=row.kind, title=row.post_title)
        if row.phone:
            phone_set(user=planned.holder, phone=row.phone, actor=actor)
        return Term.objects.filter(post=post, holder=planned.holder).latest("starts")
    holder = planned.holder or account_open(
        username=planned.username, full_name=row.full_name, phone=readable_phone(row.phone), actor=actor
    )
    if planned.holder and row.phone:
        phone_set(user=holder, phone=row.phone, actor=actor)
    post = post_create(
        kind=row.kind, cell_code=row.cell_code, title=row.title, unit=row.unit, level=row.level, actor=actor
    )
    return term_start(
        post=post,
        holder=holder,
        starts=starts,
        ends=row.ends,
        is_acting=row.is_acting,
        document_no=row.document_no,
        actor=actor,
    )
