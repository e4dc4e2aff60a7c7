"""The acts on people: accounts, posts, terms, designations (C2, C10).

Entries name people by id; what is personal appears as "changed" with a keyed digest.
"""

from __future__ import annotations

import re
import secrets
from datetime import date
from typing import Final

from django.db import IntegrityError, transaction

from core import clock
from core.errors import BadInput, Conflict, Missing
from grids.models import Designation, Post, Term, User
from grids.people import changes
from grids.people.identities import digest_of, identity_stored
from grids.people.self_appointment import require_another
from grids.people.tokens import tokens_revoke_all
from grids.roles import LEVEL_LABELS, POST_KIND_LABELS, PostKind
from grids.selectors import level_of_code
from grids.selectors.people import held_on
from journal.record.services import personal, record

# Without the letters and figures that look alike: these are read from paper once.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_USERNAME = re.compile(r"[\w.@+-]{1,150}")


def random_password(length: int = 14) -> str:
    """A password to be handed over once and changed."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


@transaction.atomic
def user_create(
    *,
    username: str,
    full_name: str,
    actor: User | None,
    phone: str = "",
    password: str | None = None,
    identity: str = "",
) -> tuple[User, str]:
    """Open an account without any right: rights come with a post. Returns it and its password (random unless given).

    `identity` is the staff or ID number of its person. Raises BadInput for an unusable name or number, Conflict when the
    account exists, or the person has one (identity_taken).
    """
    username, full_name = username.strip(), full_name.strip()
    if not _USERNAME.fullmatch(username):
        raise BadInput("账号应为 1–150 个字母、数字或 @ . + - _", where=username or "账号")
    if not full_name:
        raise Missing(["姓名"])
    if User.objects.filter(username=username).exists():
        raise Conflict(f"账号 {username} 已存在。", code="user_exists")
    password = password or random_password()
    user = User(username=username, full_name=full_name, phone=phone.strip())
    user.set_password(password)
    user.save(force_insert=True)
    after = {"username": username, "full_name": personal(full_name), "phone": personal(phone)}
    record("user.added", user, actor, after=after)
    if identity:
        identity_stored(user, digest_of(identity), actor)
    return user, password


@transaction.atomic
def account_open(*, username: str, full_name: str, phone: str, actor: User | None) -> User:
    """An account that names a responsible person and cannot sign in until someone sets a password."""
    user = User(username=username, full_name=full_name, phone=phone)
    user.set_unusable_password()
    user.save(force_insert=True)
    after = {"username": username, "full_name": personal(full_name), "phone": personal(phone)}
    record("user.added", user, actor, after=after)
    return user


@transaction.atomic
def user_password_set(*, user: User, actor: User | None, password: str | None = None) -> str:
    """Give an account a new password (random unless given) and return it; its tokens end with the old one.

    Raises Conflict for the system account.
    """
    if user.is_system:
        raise Conflict("系统账号不能登录。", code="system_account")
    password = password or random_password()
    user.set_password(password)
    user.save(update_fields=["password"])
    record("user.password_set", user, actor)
    tokens_revoke_all(user=user, actor=actor, reason="密码重置")
    return password


@transaction.atomic
def user_close(*, user: User, actor: User | None, reason: str) -> User:
    """Close an account for good: no sign-in, no token; its terms end by their own acts. A second time nothing happens.

    Raises Conflict for the system account, Missing without a reason.
    """
    if user.is_system:
        raise Conflict("系统账号不能停用。", code="system_account")
    if not reason.strip():
        raise Missing(["停用的理由"])
    if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        record("user.closed", user, actor, before={"is_active": True}, after={"is_active": False}, reason=reason)
        tokens_revoke_all(user=user, actor=actor, reason="账号停用")
    user.refresh_from_db()
    return user


@transaction.atomic
def post_create(
    *, kind: str, cell_code: str, actor: User | None, title: str = "", unit: str = "", level: str = ""
) -> Post:
    """Set up a post on a cell; the same kind and title on the same cell is the same post, and nothing happens.

    Raises BadInput for an unknown kind, or a code whose level neither an edition nor its length tells.
    """
    if kind not in POST_KIND_LABELS:
        raise BadInput(f"不认识的岗位类别 {kind}；可用：{'、'.join(POST_KIND_LABELS)}", code="unknown_kind")
    level = level or level_of_code(cell_code)
    if level not in LEVEL_LABELS:
        raise BadInput(f"不认识的网格代码 {cell_code}", code="unknown_cell")
    title = title or POST_KIND_LABELS[PostKind(kind)]
    post, is_new = Post.objects.get_or_create(
        cell_code=cell_code, kind=kind, title=title, defaults={"level": level, "unit": unit}
    )
    if is_new:
        after = {"cell_code": cell_code, "level": level, "kind": kind, "title": title, "unit": unit}
        record("post.created", post, actor, after=after)
    return post


@transaction.atomic
def term_start(
    *,
    post: Post,
    holder: User,
    starts: date,
    actor: User | None,
    ends: date | None = None,
    is_acting: bool = False,
    document_no: str = "",
) -> Term:
    """Put a person in a post from a Beijing date. The predecessor's open term ends on that day.

    A term of the past may be entered late, with its end. Who answered for earlier fires is then said anew by whoever
    listens (grids.people_changes); nothing is rewritten. Raises Conflict when terms of the post would overlap, NotAllowed
    when the holder is the actor himself.
    """
    if holder.is_system:
        raise Conflict("系统账号不能任职。", code="system_account")
    require_another(actor, holder)
    if ends is not None and ends <= starts:
        raise BadInput(f"离任日期须晚于任职日期 {starts}", where="离任日期")
    later = post.terms.filter(starts__gte=starts).order_by("starts").first()
    if later and (ends is None or ends > later.starts):
        raise Conflict(
            f"该岗位自 {later.starts} 起已有任期，任期不能重叠；补录以前的任期请写离任日期。", code="term_overlaps"
        )
    previous = post.terms.filter(starts__lt=starts).order_by("-starts").first()
    if previous and previous.ends is None:
        term_end(term=previous, ends=starts, actor=actor)
    elif previous and previous.ends and previous.ends > starts:
        raise Conflict(f"该岗位的上一任期到 {previous.ends} 才结束，任期不能重叠。", code="term_overlaps")
    try:
        with transaction.atomic():
            term = Term.objects.create(
                post=post, holder=holder, starts=starts, ends=ends, is_acting=is_acting, document_no=document_no
            )
    except IntegrityError as error:
        raise Conflict("该岗位刚刚由他人填报了任期，请核对。", code="term_overlaps") from error
    after = {"post": post.pk, "holder": holder.pk, "starts": starts, "is_acting": is_acting, "document": document_no}
    record("term.started", term, actor, after=after | ({"ends": ends} if ends else {}))
    changes.tell([changes.Change(post.level, post.cell_code, starts, ends)])
    return term


@transaction.atomic
def term_end(*, term: Term, ends: date, actor: User | None, reason: str = "") -> Term:
    """End a term on a Beijing date (the first day no longer in office). Raises Conflict when it has ended or not begun."""
    if ends <= term.starts:
        raise Conflict(f"离任日期须晚于任职日期 {term.starts}。", code="term_overlaps")
    if not Term.objects.filter(pk=term.pk, ends__isnull=True).update(ends=ends):
        term.refresh_from_db()
        raise Conflict(f"该任期已于 {term.ends} 结束。", code="term_ended")
    term.ends = ends
    record("term.ended", term, actor, before={"ends": None}, after={"ends": ends}, reason=reason)
    changes.tell([changes.Change(term.post.level, term.post.cell_code, ends, None)])
    return term


@transaction.atomic
def designate(*, county_code: str, post: Post, document_no: str, valid_from: date, actor: User | None) -> Designation:
    """指定部门: the holder of this post may verify for the county from a Beijing date (C10).

    Raises Missing without a document, BadInput for a post of another kind, Conflict for the same start twice, NotAllowed
    for a post that the actor holds.
    """
    if not document_no.strip():
        raise Missing(["指定文件文号"])
    if post.kind != PostKind.COUNTY:
        raise BadInput(f"“{post}”不是县（区）指定部门的岗位", code="wrong_kind")
    for term in post.terms.filter(held_on(clock.today_beijing())).select_related("holder"):
        require_another(actor, term.holder)
    if Designation.objects.filter(county_code=county_code, post=post, valid_from=valid_from).exists():
        raise Conflict(f"该部门自 {valid_from} 起已被指定。", code="already_designated")
    row = Designation.objects.create(
        county_code=county_code, post=post, document_no=document_no.strip(), valid_from=valid_from
    )
    after = {"county": county_code, "post": post.pk, "document": document_no, "valid_from": valid_from}
    record("county.designated", row, actor, after=after)
    return row


@transaction.atomic
def designation_end(*, designation: Designation, valid_to: date, actor: User | None, reason: str) -> Designation:
    """End a designation on a Beijing date (the first day without).

    Raises Missing without a reason, Conflict when it has ended or not begun.
    """
    if not reason.strip():
        raise Missing(["终止指定的依据或理由"])
    if valid_to <= designation.valid_from:
        raise Conflict(f"终止日期须晚于指定日期 {designation.valid_from}。", code="designation_ended")
    if not Designation.objects.filter(pk=designation.pk, valid_to__isnull=True).update(valid_to=valid_to):
        designation.refresh_from_db()
        raise Conflict(f"该指定已于 {designation.valid_to} 终止。", code="designation_ended")
    designation.valid_to = valid_to
    record("county.designation_ended", designation, actor, after={"valid_to": valid_to}, reason=reason)
    return designation
