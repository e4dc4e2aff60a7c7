"""The plan of a roster: the changes of each row, before anything is written (C2). Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeVar

from core.errors import BadInput
from grids.models import Post, Term, User
from grids.people.identities import TAKEN, digest_of
from grids.people.names import name_of, same_name, spellings_of
from grids.people.phone_text import digits_of, same_number
from grids.people.phones import NOT_KEPT, readable_phone
from grids.people.roster_row import PostKey, RosterRow
from grids.people.self_appointment import REFUSAL, is_oneself
from grids.roles import LEVEL_LABELS, POST_KIND_LABELS
from grids.selectors import Scope
from grids.selectors.keeping import accounts_kept, keeper_scope

_Value = TypeVar("_Value")
CHUNK = 900  # SQLite takes no more values in one IN


class Verdict(StrEnum):
    """The outcome of a row."""

    SAME = "same"
    PHONE = "phone"
    NEW = "new"
    SUCCESSION = "succession"
    LATE = "late"
    REJECTED = "rejected"


VERDICT_LABELS = {
    Verdict.SAME: "不变",
    Verdict.PHONE: "换电话",
    Verdict.NEW: "任职",
    Verdict.SUCCESSION: "接任",
    Verdict.LATE: "补录",
    Verdict.REJECTED: "退回",
}


@dataclass(slots=True)
class Planned:
    """One row with its verdict. `holder` is the known person, None = an account to be opened under `username`; `identity`
    is the digest that the account is given; `likely` names the known person, or the line, that a new account may double."""

    row: RosterRow
    verdict: Verdict
    reason: str = ""
    column: str = ""
    holder: User | None = None
    username: str = ""
    starts: date = date.min
    ends: date | None = None
    before: str = ""
    identity: str = ""
    likely: str = ""


@dataclass(slots=True)
class Plan:
    """The planned rows in the order of the sheet, and what was looked up for them."""

    rows: list[Planned]
    posts: dict[PostKey, Post]
    open_terms: dict[int, Term]

    @property
    def likely(self) -> list[Planned]:
        """The rows that open an account for somebody who may have one."""
        return [row for row in self.rows if row.likely and row.verdict != Verdict.REJECTED]

    @property
    def rejected(self) -> list[Planned]:
        return [row for row in self.rows if row.verdict == Verdict.REJECTED]

    def counts(self) -> dict[str, int]:
        """How many rows of each verdict, zeros too."""
        numbers = {str(verdict): 0 for verdict in Verdict}
        for row in self.rows:
            numbers[row.verdict] += 1
        return numbers


class _Refusal(Exception):
    def __init__(self, reason: str, column: str) -> None:
        self.reason, self.column = reason, column


@dataclass(slots=True)
class _Span:
    starts: date
    ends: date | None
    who: str
    planned: Planned | None = None


@dataclass(slots=True)
class _Records:
    """The records of the posts and people of a roster; spans grow as rows are planned."""

    posts: dict[PostKey, Post]
    open_terms: dict[int, Term]
    spans: dict[PostKey, list[_Span]]
    by_username: dict[str, User]
    by_name: dict[str, list[User]]
    by_phone: dict[str, list[User]]
    actor: User | None
    scope: Scope
    kept: frozenset[int]
    opened: dict[tuple[str, str], str] = field(default_factory=dict)
    usernames: set[str] = field(default_factory=set)
    identified: dict[str, tuple[User | None, str, str]] = field(default_factory=dict)


def roster_plan(*, rows: Sequence[RosterRow], starts: date, actor: User | None) -> Plan:
    """The plan of what each row would change; a row that cannot be taken says why and where, and the others stand.

    `starts` is the Beijing date of rows that have none of their own. `actor` puts nobody but others into a post, and
    writes accounts wholly in his keeping alone: of the others a row may say what is so already, and is told of nothing.
    """
    records = _records_of(rows, actor)
    planned = []
    for row in rows:
        try:
            planned.append(_plan_row(row, records, row.starts or starts))
        except _Refusal as refusal:
            planned.append(Planned(row, Verdict.REJECTED, refusal.reason, refusal.column))
    return Plan(planned, records.posts, records.open_terms)


def _plan_row(row: RosterRow, records: _Records, starts: date) -> Planned:
    _check(row, starts)
    holder, username, identity = _who(row, records)
    who = holder.username if holder else username
    spans = records.spans[row.key]
    current = next((span for span in spans if span.ends is None), None)
    is_current = bool(current and current.who == who and row.starts in (None, current.starts) and row.ends is None)
    if is_current or any(span.who == who and span.starts == starts and span.ends == row.ends for span in spans):
        changed = bool(holder and row.phone and not same_number(holder.phone, row.phone))
        if changed and holder and holder.pk not in records.kept:
            raise _Refusal(NOT_KEPT, "电话")
        verdict = Verdict.PHONE if changed else Verdict.SAME
        return Planned(row, verdict, holder=holder, username=who, identity=identity)
    _require_appointable(row, holder, records)
    later = min((span.starts for span in spans if span.starts >= starts), default=None)
    if later and (row.ends is None or row.ends > later):
        raise _Refusal(f"该岗位自 {later} 起已有任期；补录以前的任期请写离任日期", "任职日期")
    earlier = max((span for span in spans if span.starts < starts), key=lambda span: span.starts, default=None)
    if earlier and earlier.ends and earlier.ends > starts:
        raise _Refusal(f"该岗位的上一任期到 {earlier.ends} 才结束，任期不能重叠", "任职日期")
    verdict = Verdict.LATE if row.ends else Verdict.NEW
    before = ""
    if earlier and earlier.ends is None:
        verdict, before, earlier.ends = Verdict.SUCCESSION, earlier.who, starts
        if earlier.planned:  # two lines of one file follow each other in the post
            earlier.planned.ends = starts
    planned = Planned(
        row, verdict, holder=holder, username=who, starts=starts, ends=row.ends, before=before, identity=identity
    )
    spans.append(_Span(starts, row.ends, who, planned))
    planned.likely = "" if holder else _likely(row, username, records)
    return planned


def _likely(row: RosterRow, username: str, records: _Records) -> str:
    """Who of those in the actor's keeping a new account may double, in words: same name, or same number; "" for nobody."""
    of_number = records.by_phone.get(digits_of(row.phone), []) if row.phone else []
    both = {user.pk: user for user in [*records.by_name.get(row.full_name, []), *of_number]}
    likely = [user for pk, user in both.items() if pk in records.kept]
    if likely:
        listed = "、".join(f"{user.full_name}（账号 {user.username}）" for user in likely[:3])
        return f"可能就是 {listed}：是同一人，就在“账号”一列写上"
    others = [name for (named, _), name in records.opened.items() if named == row.full_name and name != username]
    return f"表里还有一个{row.full_name}：是同一人，就写同一个电话或账号" if others else ""


def _check(row: RosterRow, starts: date) -> None:
    if row.level not in LEVEL_LABELS:
        raise _Refusal(f"没有代码为 {row.cell_code} 的网格", "区划代码")
    if row.kind not in POST_KIND_LABELS:
        raise _Refusal(f"不认识的岗位类别 {row.kind}", "岗位类别")
    if not row.full_name.strip():
        raise _Refusal("没有姓名", "姓名")
    if row.ends and row.ends <= starts:
        raise _Refusal("离任日期须晚于任职日期", "离任日期")
    try:
        readable_phone(row.phone)
    except BadInput as bad:
        raise _Refusal(bad.message, "电话") from bad


def _who(row: RosterRow, records: _Records) -> tuple[User | None, str, str]:
    """The known account that the row means (None: one to be opened), its name, and the digest of the row's number, where
    the account has it not yet."""
    if not row.identity:
        return (*_person(row, records), "")
    digest = _digest_of(row, records)
    if digest not in records.identified:
        holder, username = _person(row, records)
        if holder and holder.identity:
            raise _Refusal(f"账号 {holder.username} 登记的是另一个工号", "工号")
        records.identified[digest] = (holder, username, row.full_name)
        return holder, username, digest
    holder, username, full_name = records.identified[digest]
    if full_name != row.full_name or row.username not in ("", username):
        raise _Refusal(f"{TAKEN}账号 {username}（{full_name}）：一个人一个账号", "工号")
    return holder, username, ""


def _digest_of(row: RosterRow, records: _Records) -> str:
    if not records.scope.everything:
        raise _Refusal("工号由市局登记；把这一格清空", "工号")
    try:
        return digest_of(row.identity)
    except BadInput as bad:
        raise _Refusal(bad.message, "工号") from bad


def _person(row: RosterRow, records: _Records) -> tuple[User | None, str]:
    """The known account that the row means, or None and the name of the one to be opened."""
    if row.username:
        return _named_account(row, records), row.username
    phone = readable_phone(row.phone)
    named = records.by_name.get(row.full_name, [])
    here = [user for user in named if any(span.who == user.username for span in records.spans[row.key])]
    mine = [user for user in named if phone and same_number(user.phone, phone)]
    matches = [user for user in mine if user.pk in records.kept or user in here]
    accounts = matches or here
    if len(accounts) > 1:
        raise _Refusal("有几个同名同号的账号，请在“账号”一列写明是哪一个", "账号")
    if accounts:
        return accounts[0], accounts[0].username
    same = (row.full_name, digits_of(phone) or f"第 {row.line} 行")
    if not phone or same not in records.opened:
        records.opened[same] = _free_username(row, records)
    return None, records.opened[same]


def _named_account(row: RosterRow, records: _Records) -> User | None:
    """The account of that name, None where a keeper of the whole city may open it. To others an account of elsewhere
    and none at all are refused alike."""
    user = records.by_username.get(row.username)
    is_here = bool(user and any(span.who == user.username for span in records.spans[row.key]))
    is_own = records.scope.everything or is_here or bool(user and user.pk in records.kept)
    if not is_own:
        raise _Refusal("这个账号不由您维护；把“账号”一格清空，按姓名和电话认人", "账号")
    if user and (not same_name(user.full_name, row.full_name) or user.is_system):
        raise _Refusal(f"账号 {row.username} 是另一个人的；换了人，就把“账号”一格清空", "账号")
    records.usernames.add(row.username)
    return user


def _require_appointable(row: RosterRow, holder: User | None, records: _Records) -> None:
    """Refuses a row by which somebody appoints himself, or anyone whose account is another's to keep."""
    if is_oneself(records.actor, account=holder, full_name=row.full_name, phone=readable_phone(row.phone)):
        raise _Refusal(REFUSAL, "姓名")
    if holder and holder.pk not in records.kept:
        raise _Refusal(NOT_KEPT, "账号")


def _free_username(row: RosterRow, records: _Records) -> str:
    stem = f"p{row.cell_code}"
    number = 1
    while f"{stem}-{number}" in records.usernames or f"{stem}-{number}" in records.by_username:
        number += 1
    records.usernames.add(f"{stem}-{number}")
    return f"{stem}-{number}"


def _records_of(rows: Sequence[RosterRow], actor: User | None) -> _Records:
    codes = sorted({row.cell_code for row in rows})
    posts: dict[PostKey, Post] = {}
    spans: dict[PostKey, list[_Span]] = defaultdict(list)
    open_terms: dict[int, Term] = {}
    for part in chunks(codes):
        for post in Post.objects.filter(cell_code__in=part):
            posts[(post.cell_code, post.kind, post.title)] = post
        for term in Term.objects.filter(post__cell_code__in=part).select_related("post", "holder"):
            key = (term.post.cell_code, term.post.kind, term.post.title)
            spans[key].append(_Span(term.starts, term.ends, term.holder.username))
            if term.ends is None:
                open_terms[term.post_id] = term
    users = _known_people(rows)
    stems = [f"p{code}-" for code in codes]
    by_username = {user.username: user for user in users.values()}
    by_name: dict[str, list[User]] = defaultdict(list)
    by_phone: dict[str, list[User]] = defaultdict(list)
    for user in users.values():
        if user.is_active and not user.is_system:
            by_name[name_of(user.full_name)].append(user)
            by_phone[digits_of(user.phone)].append(user)
    scope = Scope(everything=True) if actor is None else keeper_scope(actor)
    own_accounts = accounts_kept(scope, users)
    records = _Records(posts, open_terms, spans, by_username, by_name, by_phone, actor, scope, own_accounts)
    records.usernames |= _usernames_in_use(stems)
    if any(row.identity for row in rows):
        identified = User.objects.filter(is_active=True).exclude(identity="")
        records.identified = {user.identity: (user, user.username, user.full_name) for user in identified}
    return records


def _known_people(rows: Sequence[RosterRow]) -> dict[int, User]:
    """The accounts of the names, numbers and account names of a roster, by key."""
    sought = {
        "full_name": {spelling for row in rows for spelling in spellings_of(row.full_name)},
        "username": {row.username for row in rows if row.username},
        "phone": {row.phone for row in rows if row.phone},
    }
    users: dict[int, User] = {}
    for column, values in sought.items():
        for part in chunks(sorted(values)):
            users.update({user.pk: user for user in User.objects.filter(**{f"{column}__in": part})})
    return users


def _usernames_in_use(stems: Sequence[str]) -> set[str]:
    """The opened accounts' names already in use; they all begin with p and a code."""
    if not stems:
        return set()
    prefixes = tuple(stems)
    rows = User.objects.filter(username__startswith="p", username__contains="-").values_list("username", flat=True)
    return {name for name in rows if name.startswith(prefixes)}


def chunks(values: Sequence[_Value]) -> list[Sequence[_Value]]:
    """The values in lots that every database takes in one IN."""
    return [values[at : at + CHUNK] for at in range(0, len(values), CHUNK)]
