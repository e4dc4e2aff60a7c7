"""A whole roster of responsible people at once: one entry in the journal, with a digest of its rows (C2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.hashers import make_password
from django.db import transaction

from grids.models import Post, Term, User
from grids.roles import LEVEL_LABELS, POST_KIND_LABELS, PostKind
from journal import digests
from journal.errors import BadInput
from journal.selectors import deployment
from journal.services import record

_BATCH = 500


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One person in one post. `username` is the account (made without a usable password if it is new)."""

    cell_code: str
    level: str
    kind: str
    username: str
    full_name: str
    phone: str = ""
    title: str = ""
    unit: str = ""
    is_acting: bool = False


@transaction.atomic
def roster_load(*, rows: Sequence[RosterRow], starts: date, actor: User | None, reason: str = "") -> dict[str, int]:
    """Make the accounts, posts and open terms (from a Beijing date) that are not there yet; nothing held is changed.

    Returns how many users, posts and terms were made. Raises BadInput for an unknown level or kind, with the row number.
    """
    for number, row in enumerate(rows, start=1):
        if row.level not in LEVEL_LABELS or row.kind not in POST_KIND_LABELS:
            raise BadInput(f"不认识的级别或岗位类别 {row.level} {row.kind}", where=f"第 {number} 行")
    users = _users(rows)
    posts, new_posts = _posts(rows)
    held = set(Term.objects.filter(ends__isnull=True).values_list("post_id", flat=True))
    terms: dict[int, Term] = {}
    for row in rows:
        post = posts[_key(row)]
        if post.pk not in held:
            holder = users[row.username]
            terms.setdefault(post.pk, Term(post=post, holder=holder, starts=starts, is_acting=row.is_acting))
    Term.objects.bulk_create(terms.values(), batch_size=_BATCH)
    made = {"users": users.made, "posts": new_posts, "terms": len(terms)}
    if any(made.values()):
        key = deployment().digest_key  # once: a roster has thousands of rows
        digest = digests.sha256(
            [[row.cell_code, row.kind, row.username, digests.keyed(row.phone, key)] for row in rows]
        )
        after = {**made, "rows": len(rows), "starts": starts, "digest": digest}
        record("roster.loaded", ("grids.roster", digest[:16]), actor, after=after, reason=reason)
    return made


class _Users(dict[str, User]):
    made: int = 0


def _users(rows: Sequence[RosterRow]) -> _Users:
    wanted = {row.username: row for row in rows}
    users = _Users({user.username: user for user in User.objects.filter(username__in=wanted)})
    fresh = [
        User(username=name, full_name=row.full_name, phone=row.phone, password=make_password(None))
        for name, row in wanted.items()
        if name not in users
    ]
    User.objects.bulk_create(fresh, batch_size=_BATCH)
    users.update({user.username: user for user in User.objects.filter(username__in=[one.username for one in fresh])})
    users.made = len(fresh)
    return users


def _title(row: RosterRow) -> str:
    return row.title or POST_KIND_LABELS[PostKind(row.kind)]


def _key(row: RosterRow) -> tuple[str, str, str]:
    return row.cell_code, row.kind, _title(row)


def _posts(rows: Sequence[RosterRow]) -> tuple[dict[tuple[str, str, str], Post], int]:
    codes = {row.cell_code for row in rows}
    known = {(post.cell_code, post.kind, post.title): post for post in Post.objects.filter(cell_code__in=codes)}
    fresh = {
        _key(row): Post(cell_code=row.cell_code, level=row.level, kind=row.kind, title=_title(row), unit=row.unit)
        for row in rows
        if _key(row) not in known
    }
    Post.objects.bulk_create(fresh.values(), batch_size=_BATCH)
    found = Post.objects.filter(cell_code__in=codes)
    return {(post.cell_code, post.kind, post.title): post for post in found}, len(fresh)
