"""The cells that a keeper may fill, and the roster as it stands today, one line a post."""

from collections import defaultdict
from datetime import date
from typing import Any

from grids.models import Edition, Term
from grids.roles import POST_KIND_LABELS, RESPONSIBLE_KINDS, PostKind
from grids.selectors.gaps import county_and_township
from grids.selectors.people import held_on
from grids.selectors.scope import Scope


def places_of(edition: Edition, scope: Scope) -> dict[str, tuple[str, str]]:
    """Code → (name, level) of the cells in scope."""
    return {
        code: (name, level)
        for code, name, level, county, _ in county_and_township(edition)
        if scope.everything or (county and scope.covers(county))
    }


def roster_lines(edition: Edition, scope: Scope, on: date) -> list[list[Any]]:
    """The lines of the template, in the order of roster_file.COLUMNS: each post with its holder of a Beijing date, and
    a line of a head to be named for each cell without any post. Phones are left out: blank means unchanged."""
    by_cell: dict[str, list[Term]] = defaultdict(list)
    terms = Term.objects.filter(held_on(on), post__kind__in=RESPONSIBLE_KINDS).select_related("post", "holder")
    for term in terms.order_by("post__kind", "post_id"):
        by_cell[term.post.cell_code].append(term)
    lines: list[list[Any]] = []
    for code, (name, _) in places_of(edition, scope).items():
        for term in by_cell.get(code, []):
            post, holder = term.post, term.holder
            kind = POST_KIND_LABELS[PostKind(post.kind)]
            acting = "是" if term.is_acting else ""
            lines.append([code, name, kind, post.title, post.unit, holder.full_name, "", holder.username, term.starts,
                          None, acting, term.document_no])  # fmt: skip
        if code not in by_cell:
            lines.append([code, name, POST_KIND_LABELS[PostKind.HEAD], "", "", "", "", "", None, None, "", ""])
    return lines
