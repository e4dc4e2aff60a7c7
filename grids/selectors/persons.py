"""Which accounts are one person, and which look alike: maker ≠ checker is about the person (policy.md §5). Reads only."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from grids.models import Term, User
from grids.roles import RESPONSIBLE_KINDS

Who = User | int | None
SAME_NAME_AND_NUMBER, SAME_NUMBER, SAME_NAME_AND_UNIT = "同名同号", "同号", "同名同单位"


@dataclass(frozen=True, slots=True)
class Alike:
    """Accounts that look like one person, and by what."""

    why: str
    users: tuple[User, ...]


def is_same_person(person: Who, other: Who) -> bool:
    """Whether two accounts (or their ids) are one person's: the same account, or the same identity; where one of them has
    no identity, the same name and number. Nobody is the same as nobody."""
    if person is None or other is None:
        return False
    return _id(other) in same_persons(person, [_id(other)])


def same_persons(person: Who, accounts: Iterable[int | None]) -> frozenset[int]:
    """Those of the accounts (ids) that are `person`'s own; at most one query, none where they are all his very account."""
    if person is None:
        return frozenset()
    ids = {pk for pk in accounts if pk is not None}
    own = ids & {_id(person)}
    others = ids - own
    if not others:
        return frozenset(own)
    users = {user.pk: user for user in User.objects.filter(pk__in=others | {_id(person)})}
    if isinstance(person, User):
        users[person.pk] = person
    himself = users.get(_id(person))
    return frozenset(own | {pk for pk in others if himself and pk in users and _is_one(himself, users[pk])})


def _id(who: User | int) -> int:
    return who if isinstance(who, int) else int(who.pk)


def _is_one(user: User, other: User) -> bool:
    if user.is_system or other.is_system:
        return False
    if user.identity and other.identity:
        return user.identity == other.identity
    return _looks_like(user, other) == SAME_NAME_AND_NUMBER


def plain_name(text: str) -> str:
    """The letters of a name: no blanks, nor the signs without a shape that come with text from a chat or a page."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in plain if not sign.isspace() and unicodedata.category(sign) != "Cf").casefold()


def plain_number(text: str) -> str:
    """The digits of a number, without what some write before it: of a mobile number its eleven, else all but the code of
    the country."""
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", text))
    if mobile := re.search(r"1\d{10}$", digits):
        return mobile[0]
    return digits.removeprefix("0086").removeprefix("86")


def _looks_like(user: User, other: User) -> str:
    """By what two accounts look alike, units apart; "" where they do not."""
    number = plain_number(user.phone)
    if not number or number != plain_number(other.phone):
        return ""
    return SAME_NAME_AND_NUMBER if plain_name(user.full_name) == plain_name(other.full_name) else SAME_NUMBER


def alike() -> list[Alike]:
    """Groups of live accounts that look alike, the strongest ground first; a group whose members all have identities is
    known to be several people and left out."""
    users = list(User.objects.filter(is_active=True, is_system=False).order_by("username"))
    units = _units(users)
    groups: dict[tuple[str, str, str], list[User]] = defaultdict(list)
    for user in users:
        name, number = plain_name(user.full_name), plain_number(user.phone)
        if number:
            groups[SAME_NAME_AND_NUMBER, name, number].append(user)
            groups[SAME_NUMBER, "", number].append(user)
        for unit in units.get(user.pk, ()):
            groups[SAME_NAME_AND_UNIT, name, unit].append(user)
    order = (SAME_NAME_AND_NUMBER, SAME_NUMBER, SAME_NAME_AND_UNIT)
    listed: dict[frozenset[int], Alike] = {}
    for (why, *_), members in sorted(groups.items(), key=lambda item: order.index(item[0][0])):
        if len(members) > 1 and not all(user.identity for user in members):
            # By the first ground alone: the same people under a weaker one say nothing more.
            listed.setdefault(frozenset(user.pk for user in members), Alike(why, tuple(members)))
    return list(listed.values())


def alike_to(user: User) -> list[tuple[User, str]]:
    """The live accounts that look like this one, each with its strongest ground."""
    grounds: dict[int, tuple[User, str]] = {}
    for group in alike():
        if user in group.users:
            for other in group.users:
                if other != user and not (user.identity and other.identity):
                    grounds.setdefault(other.pk, (other, group.why))
    return list(grounds.values())


def _units(users: Sequence[User]) -> dict[int, set[str]]:
    """The units in which live terms place the accounts; a post without one is named by its cell."""
    own = {user.pk for user in users}
    units: dict[int, set[str]] = defaultdict(set)
    terms = Term.objects.filter(ends__isnull=True).values_list("holder", "post__unit", "post__cell_code")
    for holder, unit, cell in terms:
        if holder in own:
            units[holder].add(unit.strip() or cell)
    return units


def without_identity() -> list[User]:
    """The live accounts that hold an office (not only a grid post) and have no identity: nobody can say who they are."""
    offices = Term.objects.filter(ends__isnull=True).exclude(post__kind__in=RESPONSIBLE_KINDS)
    users = User.objects.filter(is_active=True, is_system=False, identity="", pk__in=offices.values("holder"))
    return list(users.order_by("username"))


def posts_of(users: Iterable[User]) -> dict[int, str]:
    """{account: its posts today, for people}; one query."""
    terms = Term.objects.filter(holder__in={user.pk for user in users}, ends__isnull=True).select_related("post")
    posts: dict[int, list[str]] = defaultdict(list)
    for term in terms.order_by("post_id"):
        posts[term.holder_id].append(f"{term.post.get_kind_display()} {term.post.cell_code}")
    return {holder: "、".join(words) for holder, words in posts.items()}
