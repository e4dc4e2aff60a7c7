"""Putting a named person into a post of a cell: finds the account, or opens one, and keeps every act apart (C2)."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from core.errors import BadInput
from grids.models import Post, Term, User
from grids.people.phones import phone_set, readable_phone
from grids.people.posts import account_open, post_create, term_start
from grids.people.roster_plan import Verdict, roster_plan
from grids.people.roster_row import RosterRow
from grids.roles import RESPONSIBLE_KINDS


@transaction.atomic
def appoint(
    *,
    cell_code: str,
    level: str,
    kind: str,
    full_name: str,
    starts: date,
    actor: User,
    title: str = "",
    unit: str = "",
    phone: str = "",
    ends: date | None = None,
    is_acting: bool = False,
    document_no: str = "",
) -> Term:
    """Make `full_name` the holder of a responsible post from a Beijing date; the predecessor's term ends that day.

    The person is the account of that name with that phone, or the one of that name on this post; else an account
    without a password is opened. Raises BadInput (with the column at fault) and Conflict when terms would overlap.
    """
    if kind not in RESPONSIBLE_KINDS:
        raise BadInput("这里只设网格责任人的岗位", where="岗位类别", code="unknown_kind")
    row = RosterRow(
        cell_code, level, kind, "", full_name.strip(), phone, title, unit, is_acting, starts, ends, document_no
    )
    planned = roster_plan(rows=[row], starts=starts, actor=actor).rows[0]
    if planned.verdict == Verdict.REJECTED:
        raise BadInput(planned.reason, where=planned.column)
    if planned.verdict in (Verdict.SAME, Verdict.PHONE) and planned.holder:
        post = Post.objects.get(cell_code=cell_code, kind=kind, title=row.post_title)
        if phone:
            phone_set(user=planned.holder, phone=phone, actor=actor)
        return Term.objects.filter(post=post, holder=planned.holder).latest("starts")
    holder = planned.holder or account_open(
        username=planned.username, full_name=row.full_name, phone=readable_phone(phone), actor=actor
    )
    if planned.holder and phone:
        phone_set(user=holder, phone=phone, actor=actor)
    post = post_create(kind=kind, cell_code=cell_code, title=title, unit=unit, level=level, actor=actor)
    return term_start(
        post=post, holder=holder, starts=starts, ends=ends, is_acting=is_acting, document_no=document_no, actor=actor
    )
