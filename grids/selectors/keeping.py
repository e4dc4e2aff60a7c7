"""The cells whose people a user keeps, and the accounts that lie wholly within them (C2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from core import clock
from grids.models import Term
from grids.roles import RESPONSIBLE_KINDS, PostKind, Role
from grids.selectors.people import CODES_AT_ONCE, post_cells, roles_of
from grids.selectors.scope import Scope, counties_of
from grids.selectors.successions import one_government

LOCAL_KINDS: Final = frozenset({*RESPONSIBLE_KINDS, PostKind.COUNTY, PostKind.INSPECTOR})
"""Posts that lie where their cell lies. An office of the city is the city's wherever its post stands."""


def keeper_scope(user: Any) -> Scope:
    """The scope in which the user may change people, phones and letters: the bureau and the system everywhere, a
    county's department in its county; the empty scope = nowhere."""
    roles = roles_of(user)
    if roles & {Role.BUREAU, Role.SYSTEM}:
        return Scope(everything=True)
    if Role.COUNTY in roles:
        return Scope(counties=one_government(post_cells(user, Role.COUNTY)))
    return Scope()


def accounts_kept(scope: Scope, accounts: Iterable[int]) -> frozenset[int]:
    """Those of the accounts (ids) that a keeper of `scope` may write: some post within it, today's and later ones all
    within.

    Two queries for some thousand accounts. An account without any post is nobody's but the bureau's.
    """
    ids = sorted(set(accounts))
    if scope.everything:
        return frozenset(ids)
    terms: list[tuple[int, str, str, bool]] = []
    today = clock.today_beijing()
    for start in range(0, len(ids), CODES_AT_ONCE):
        part = Term.objects.filter(holder__in=ids[start : start + CODES_AT_ONCE])
        for holder, code, kind, ends in part.values_list("holder", "post__cell_code", "post__kind", "ends"):
            terms.append((holder, code, kind, ends is None or ends > today))
    counties = counties_of({code for _, code, _, _ in terms})
    within = {(code, kind) for _, code, kind, _ in terms if _is_within(scope, counties.get(code, ""), kind)}
    own = {holder for holder, code, kind, _ in terms if (code, kind) in within}
    others = {holder for holder, code, kind, is_open in terms if is_open and (code, kind) not in within}
    return frozenset(own - others)


def _is_within(scope: Scope, county: str, kind: str) -> bool:
    return kind in LOCAL_KINDS and bool(county) and scope.covers(county)
