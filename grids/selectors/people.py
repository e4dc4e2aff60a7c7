"""Posts, terms and the roles that follow from them; the people who answered for a place on a date (C2, C10)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from core import clock
from core.errors import Refused
from core.page_memory import remembered
from grids.models import Designation, Post, Term, User
from grids.roles import LEVELS, RESPONSIBLE_KINDS, ROLE_OF_POST, PostKind, Role
from grids.selectors.successions import one_government

SYSTEM_USERNAME = "system"
CODES_AT_ONCE = 5000


class PersonRow(NamedTuple):
    """One post of a cell and who held it; `post` None = the cell has no such post, `holder` None = vacant: both are
    gaps."""

    level: str
    cell_code: str
    post: Post | None
    holder: User | None
    is_acting: bool


def system_user() -> User:
    """The account that imports and reports and never decides; made by the migration, or here when a test flushed it."""
    user = User.objects.filter(username=SYSTEM_USERNAME).first()
    if user is None:
        user, _ = User.objects.get_or_create(
            username=SYSTEM_USERNAME, defaults={"full_name": "系统", "is_system": True, "password": "!"}
        )
    return user


def user_named(username: str) -> User:
    """The account that a command acts as (`--as USER`). Raises Refused when there is none, or it is switched off."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise Refused(f"没有账号“{username}”", code="no_user")
    return user


def held_on(on: date) -> Q:
    """The condition on terms: held on that Beijing date (from `starts`, before `ends`)."""
    return Q(starts__lte=on) & (Q(ends__isnull=True) | Q(ends__gt=on))


def _may_hold(user: Any) -> bool:
    return bool(user is not None and getattr(user, "is_authenticated", False) and user.is_active and user.pk)


def posts_held(user: Any, on: date | None = None) -> QuerySet[Post]:
    """The posts that a user holds on a Beijing date (default today); none for anonymous and inactive users."""
    if not _may_hold(user):
        return Post.objects.none()
    terms = Term.objects.filter(held_on(on or clock.today_beijing()), holder=user)
    return Post.objects.filter(pk__in=terms.values("post")).order_by("kind", "cell_code")


def posts_today(user: Any) -> list[Post]:
    """`posts_held` of today as rows, read once for a page."""
    if not _may_hold(user):
        return []
    today = clock.today_beijing()
    return remembered(("posts", user.pk, today), lambda: list(posts_held(user, today)))


def roles_of(user: Any, on: date | None = None) -> frozenset[Role]:
    """The roles of a user on a Beijing date: from the posts held, never from flags; the system account has SYSTEM
    alone."""
    if not _may_hold(user):
        return frozenset()
    if user.is_system:
        return frozenset({Role.SYSTEM})
    posts = posts_held(user, on) if on else posts_today(user)
    return frozenset(ROLE_OF_POST[PostKind(post.kind)] for post in posts if post.kind in ROLE_OF_POST)


def post_cells(user: Any, role: Role, on: date | None = None) -> frozenset[str]:
    """The codes of the cells on which the user's posts of that role stand."""
    kinds = [kind for kind, post_role in ROLE_OF_POST.items() if post_role == role]
    return frozenset(posts_held(user, on).filter(kind__in=kinds).values_list("cell_code", flat=True))


def people_for(chain: Mapping[str, str], on: date) -> list[PersonRow]:
    """The people who answered for each cell of a chain {level: code} on a Beijing date, from the county downwards.

    Every responsible post is a row, held or vacant; a cell without any such post gives one row with neither.
    Several holders of one kind (书记, 镇长) are several posts, so several rows.
    """
    return people_for_many([(chain, on)])[0]


def people_for_many(chain_dates: Sequence[tuple[Mapping[str, str], date]]) -> list[list[PersonRow]]:
    """`people_for` of many chains and dates: two queries for some thousand cells, however many are asked."""
    chains = [[(level, chain[level]) for level in LEVELS if chain.get(level)] for chain, _ in chain_dates]
    codes = sorted({code for chain in chains for _, code in chain})
    posts: dict[str, list[Post]] = {}
    terms: dict[int, list[Term]] = {}
    for start in range(0, len(codes), CODES_AT_ONCE):
        part = Post.objects.filter(cell_code__in=codes[start : start + CODES_AT_ONCE], kind__in=RESPONSIBLE_KINDS)
        for post in part.order_by("id"):
            posts.setdefault(post.cell_code, []).append(post)
        for term in Term.objects.filter(post__in=part).select_related("holder").order_by("id"):
            terms.setdefault(term.post_id, []).append(term)
    for own in posts.values():
        own.sort(key=lambda post: RESPONSIBLE_KINDS.index(PostKind(post.kind)))
    return [_answering(chain, on, posts, terms) for chain, (_, on) in zip(chains, chain_dates, strict=True)]


def _answering(
    chain: Sequence[tuple[str, str]], on: date, posts: Mapping[str, list[Post]], terms: Mapping[int, list[Term]]
) -> list[PersonRow]:
    rows: list[PersonRow] = []
    for level, code in chain:
        own = posts.get(code, [])
        for post in own:
            terms_on = [
                term for term in terms.get(post.pk, ()) if term.starts <= on and (term.ends is None or term.ends > on)
            ]
            term = terms_on[-1] if terms_on else None
            rows.append(PersonRow(level, code, post, term.holder if term else None, bool(term and term.is_acting)))
        if not own:
            rows.append(PersonRow(level, code, None, None, False))
    return rows


def heads_on(on: date) -> dict[str, str]:
    """The name of the first 主要负责人 in office on a Beijing date, by code of the cell. One query."""
    terms = Term.objects.filter(held_on(on), post__kind=PostKind.HEAD).order_by("-post_id")
    return dict(terms.values_list("post__cell_code", "holder__full_name"))


def designations_on(county_code: str, on: date) -> QuerySet[Designation]:
    """The designations of a county in force on a Beijing date (from `valid_from`, before `valid_to`), whichever of its codes
    they name."""
    return Designation.objects.filter(_designated_on(on), county_code__in=one_government({county_code}, on))


def _designated_on(on: date) -> Q:
    return Q(valid_from__lte=on) & (Q(valid_to__isnull=True) | Q(valid_to__gt=on))


def designated_posts(county_code: str, on: date | None = None) -> QuerySet[Post]:
    """The posts of the department that the county has designated to verify (C10)."""
    designations = designations_on(county_code, on or clock.today_beijing())
    return Post.objects.filter(pk__in=designations.values("post")).order_by("id")


def is_designated(user: Any, county_code: str, on: date | None = None) -> bool:
    """Whether the user holds, on that date, a post designated by that county on that date (C10)."""
    # From the person's own few posts outwards: the other way round scans every post of the city twice.
    posts = [post.pk for post in (posts_held(user, on) if on else posts_today(user))]
    if not posts:
        return False
    on = on or clock.today_beijing()
    own = Designation.objects.filter(_designated_on(on), post__in=posts).values_list("county_code", flat=True)
    codes = frozenset(own)
    return county_code in codes or (bool(codes) and county_code in one_government(codes, on))


def names_of(ids: Iterable[int]) -> dict[int, str]:
    """The names of people by id; a person that is no longer there is left out."""
    users = User.objects.filter(pk__in=list(ids)).only("full_name", "username")
    return {user.pk: user.full_name or user.username for user in users}


def mask_phone(phone: str) -> str:
    """A phone number as it may be shown to anyone: 138****5678; short numbers keep the last two digits only."""
    digits = phone.strip()
    if len(digits) >= 11:
        return f"{digits[:3]}{'*' * (len(digits) - 7)}{digits[-4:]}"
    return f"{'*' * max(len(digits) - 2, 0)}{digits[-2:]}" if len(digits) > 4 else "*" * len(digits)
