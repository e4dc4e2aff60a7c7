"""A whole roster of responsible people at once: one entry in the journal with a digest of its rows, and one for each number
that it changes (C2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from core import clock
from core.errors import BadInput, Conflict
from grids.models import Post, RosterImport, Term, User
from grids.people import changes as people_changes
from grids.people.changes import Change
from grids.people.identities import identity_stored
from grids.people.phones import phones_set, readable_phone
from grids.people.roster_file import RosterFile
from grids.people.roster_plan import Plan, Planned, Verdict, chunks, roster_plan
from grids.people.roster_row import PostKey, RosterRow
from journal.record import digests
from journal.record.services import record
from journal.selectors import deployment
from papers import filing

__all__ = ["RosterRow", "roster_import", "roster_load"]

_BATCH = 500
_TERMS = (Verdict.NEW, Verdict.SUCCESSION, Verdict.LATE)


@transaction.atomic
def roster_load(*, rows: Sequence[RosterRow], starts: date, actor: User | None, reason: str = "") -> dict[str, int]:
    """Make the accounts, posts and terms that the rows say and that are not there yet; a second load changes nothing.

    Returns how many users, posts, terms were made, phones changed, rows found the same. Raises BadInput when any row
    cannot be taken (`roster_import` takes the others), Conflict when someone filled one of the posts at this moment.
    """
    plan = roster_plan(rows=rows, starts=starts, actor=actor)
    if plan.rejected:
        first = plan.rejected[0]
        raise BadInput(first.reason, where=f"第 {first.row.line or rows.index(first.row) + 1} 行 {first.column}")
    totals = _apply(plan, actor)
    if _is_change(totals):
        subject = ("grids.roster", _digest(rows)[:16])
        record(
            "roster.loaded", subject, actor, after=totals | {"starts": starts, "digest": _digest(rows)}, reason=reason
        )
    return totals


@transaction.atomic
def roster_import(
    *,
    roster: RosterFile,
    starts: date,
    actor: User,
    content: bytes,
    filename: str,
    uuid: UUID,
) -> RosterImport:
    """Take a workbook in: every row that can be taken, and the rest kept with its reason.

    The same `uuid` again is the same import: it is returned, and nothing happens. Raises Conflict when someone filled one
    of the posts at this moment.
    """
    earlier: RosterImport | None = RosterImport.objects.filter(uuid=uuid).first()
    if earlier:
        return earlier
    plan = roster_plan(rows=roster.rows, starts=starts, actor=actor)
    totals = _apply(plan, actor)
    rejected = [
        *roster.faults,
        *(
            {"row": plan_row.row.line, "column": plan_row.column, "reason": plan_row.reason}
            for plan_row in plan.rejected
        ),
    ]
    counts = totals | {"rows": len(roster.rows) + len(roster.faults), "rejected": len(rejected)}
    stored = filing.store_paper(content, kind="rosters", filename=filename, suffix=".xlsx")
    try:
        with transaction.atomic():
            run = RosterImport.objects.create(
                uuid=uuid,
                filename=stored.filename,
                sha256=stored.sha256,
                stored_as=stored.stored_as,
                counts=counts,
                notes=sorted(roster.notes, key=lambda note: note["row"]),
                rejected=sorted(rejected, key=lambda fault: fault["row"]),
                actor=actor,
                at=clock.now(),
            )
    except IntegrityError as error:
        raise Conflict("这份名册刚刚已导入。", code="roster_imported") from error
    record("roster.loaded", run, actor, after=counts | {"starts": starts, "sha256": stored.sha256})
    return run


def _apply(plan: Plan, actor: User | None) -> dict[str, int]:
    """Write what the plan says. Raises Conflict when a post was filled between plan and act."""
    terms = [plan_row for plan_row in plan.rows if plan_row.verdict in _TERMS]
    users, opened = _accounts(terms)
    posts, made_posts = _posts(terms, plan.posts)
    try:
        with transaction.atomic():
            ended = _end_terms(terms, plan)
            Term.objects.bulk_create([_term(plan_row, posts, users) for plan_row in terms], batch_size=_BATCH)
    except IntegrityError as error:
        raise Conflict("其中的岗位刚刚由他人填报了任期，请重新导入。", code="term_overlaps") from error
    _identify(plan.rows, users, actor)
    changed = [Change(plan_row.row.level, plan_row.row.cell_code, plan_row.starts, plan_row.ends) for plan_row in terms]
    people_changes.tell([*ended, *changed])
    return {
        "users": opened,
        "posts": made_posts,
        "terms": len(terms),
        "phones": phones_set(numbers=_numbers(plan.rows), actor=actor),
        "same": sum(plan_row.verdict == Verdict.SAME for plan_row in plan.rows),
    }


def _identify(planned: Sequence[Planned], users: dict[str, User], actor: User | None) -> None:
    """Register the numbers that the rows bring for accounts that have none, each with its entry."""
    for plan_row in planned:
        if plan_row.identity and plan_row.verdict != Verdict.REJECTED:
            holder = plan_row.holder or users[plan_row.username]
            identity_stored(holder, plan_row.identity, actor)


def _accounts(planned: Sequence[Planned]) -> tuple[dict[str, User], int]:
    """The holders by username; those not there yet are opened without a usable password. And how many were opened."""
    users = {plan_row.username: plan_row.holder for plan_row in planned if plan_row.holder}
    fresh: dict[str, User] = {}
    for plan_row in planned:
        if plan_row.holder is None:
            blank = User(username=plan_row.username, full_name=plan_row.row.full_name, password=make_password(None))
            account = fresh.setdefault(plan_row.username, blank)
            account.phone = account.phone or readable_phone(plan_row.row.phone)
    User.objects.bulk_create(fresh.values(), batch_size=_BATCH)
    for part in chunks(sorted(fresh)):
        users.update({user.username: user for user in User.objects.filter(username__in=part)})
    return users, len(fresh)


def _posts(planned: Sequence[Planned], posts_by_key: dict[PostKey, Post]) -> tuple[dict[PostKey, Post], int]:
    """The posts by key, made where they are not there yet. And how many were made."""
    rows = {plan_row.row.key: plan_row.row for plan_row in planned if plan_row.row.key not in posts_by_key}
    fresh = [
        Post(cell_code=row.cell_code, level=row.level, kind=row.kind, title=row.post_title, unit=row.unit)
        for row in rows.values()
    ]
    Post.objects.bulk_create(fresh, batch_size=_BATCH)
    posts = dict(posts_by_key)
    for part in chunks(sorted({row.cell_code for row in rows.values()})):
        posts.update(
            {(post.cell_code, post.kind, post.title): post for post in Post.objects.filter(cell_code__in=part)}
        )
    return posts, len(fresh)


def _term(plan_row: Planned, posts: dict[PostKey, Post], users: dict[str, User]) -> Term:
    return Term(
        post=posts[plan_row.row.key],
        holder=users[plan_row.username],
        starts=plan_row.starts,
        ends=plan_row.ends,
        is_acting=plan_row.row.is_acting,
        document_no=plan_row.row.document_no[:80],
    )


def _end_terms(planned: Sequence[Planned], plan: Plan) -> list[Change]:
    """End the open terms of predecessors on the day on which the successor begins."""
    changes, ended = [], []
    for plan_row in planned:
        post = plan.posts.get(plan_row.row.key)
        term = plan.open_terms.get(post.pk) if post else None
        if (
            plan_row.verdict != Verdict.SUCCESSION
            or term is None
            or plan_row.starts is None
            or term.holder.username != plan_row.before
        ):
            continue
        term.ends = plan_row.starts
        ended.append(term)
        changes.append(Change(plan_row.row.level, plan_row.row.cell_code, plan_row.starts, None))
    Term.objects.bulk_update(ended, ["ends"], batch_size=_BATCH)
    return changes


def _numbers(planned: Sequence[Planned]) -> dict[User, str]:
    """The known people whose number the rows change; the last row of a person counts."""
    numbers: dict[User, str] = {}
    for plan_row in planned:
        phone = readable_phone(plan_row.row.phone) if plan_row.verdict != Verdict.REJECTED else ""
        if plan_row.holder and phone:
            numbers[plan_row.holder] = phone
    return {holder: phone for holder, phone in numbers.items() if holder.phone != phone}


def _is_change(totals: dict[str, int]) -> bool:
    return any(totals[name] for name in ("users", "posts", "terms", "phones"))


def _digest(rows: Sequence[RosterRow]) -> str:
    key = deployment().digest_key  # once: a roster has thousands of rows
    names = [digests.keyed(f"{row.username} {row.full_name} {row.phone}", key) for row in rows]
    return digests.sha256([[row.cell_code, row.kind, name] for row, name in zip(rows, names, strict=True)])
