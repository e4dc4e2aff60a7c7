"""转到新代码: the terms of cells that an edition renames, merges or splits go on under the new codes (C2).

Nothing is rewritten: the old term gets an end, a new term begins. A person confirms each target.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from core.errors import BadInput, Conflict
from grids.models import Edition, Post, Term, User
from grids.people import changes
from grids.people.changes import Change
from grids.people.roster_plan import chunks
from grids.people.roster_row import PostKey
from grids.selectors.editions import edition_now
from grids.selectors.left_behind import LeftCode, ends_on, left_behind
from journal.record.services import record

_BATCH = 500
NOWHERE = "-"
"""Chosen instead of a code: the terms end and go on nowhere."""


@transaction.atomic
def posts_carry(*, edition: Edition, choices: Mapping[str, str], actor: User, reason: str = "") -> dict[str, int]:
    """Carry the open terms of old codes over to new ones ({old code: new code, or NOWHERE}), one entry for all.

    An old term ends on the day from which the edition rules (`ends_on`); the new one begins then, or on its own first day
    where the edition reaches back over it. A post of that name which is held there already is not touched: the one who comes
    has a post named after the old cell. Asked twice, the second time nothing is left. Returns how many codes, terms ended,
    terms started. Raises Conflict for an edition that does not rule or when someone else was first, BadInput for a code
    that is not among the targets.
    """
    _require_ruling(edition)
    by_code = {left_code.code: left_code for left_code in left_behind(edition)}
    chosen = [(by_code[code], new) for code, new in choices.items() if code in by_code and by_code[code].terms]
    for left_code, new in chosen:
        _check(left_code, new, edition)
    ends = ends_on(edition)
    try:
        with transaction.atomic():
            carried = _carry(chosen, edition, ends)
    except IntegrityError as error:
        raise Conflict("其中的岗位刚刚由他人填报了任期，请刷新再看。", code="term_overlaps") from error
    if carried:
        _tell(carried, ends)
        record("terms.carried", edition, actor, after=_entry_after(chosen, carried, ends), reason=reason)
    return {"codes": len(chosen), "ended": len(carried), "started": sum(new is not None for _, new in carried)}


def proposals(edition: Edition) -> dict[str, str]:
    """{old code: the one new code} of all that needs no choice: what `posts_carry` takes when a person confirms them
    all."""
    return {
        left_code.code: left_code.proposed
        for left_code in left_behind(edition)
        if left_code.proposed and left_code.terms
    }


def _require_ruling(edition: Edition) -> None:
    now = edition_now()
    is_past = now is not None and now.pk != edition.pk and _since(edition) <= _since(now)
    if edition.state != Edition.State.ACTIVE or is_past:
        raise Conflict(f"“{edition.name}”没有启用，或已由后来的版本接替。", code="edition_not_in_force")


def _since(edition: Edition) -> date:
    return edition.valid_from or date.max


def _check(left_code: LeftCode, new: str, edition: Edition) -> None:
    if new == NOWHERE or new in left_code.targets:
        return
    if left_code.targets or not edition.cells.filter(code=new, level=left_code.level).exists():
        options = "、".join(left_code.targets) or "同一级的代码"
        raise BadInput(
            f"{left_code.code} {left_code.name} 不能转到 {new or '（空）'}；可选：{options}", where=left_code.code
        )


Carried = tuple[Term, Term | None]


def _carry(chosen: Sequence[tuple[LeftCode, str]], edition: Edition, ends: date) -> list[Carried]:
    """End the terms of these codes and begin those that follow them, some hundred a query."""
    old = [(term, left_code, new) for left_code, new in chosen for term in left_code.terms]
    _end([term.pk for term, _, _ in old], ends)
    board = _Board(sorted({new for _, new in chosen if new != NOWHERE}))
    placed = [
        None if new == NOWHERE else board.place(term, new, left_code.name, starts=max(_since(edition), term.starts))
        for term, left_code, new in old
    ]
    chosen_posts = [post for post in placed if post is not None]
    Post.objects.bulk_create([post for post in chosen_posts if post.pk is None], batch_size=_BATCH)
    carried = [
        (term, None if post is None else _following(term, post, edition))
        for (term, _, _), post in zip(old, placed, strict=True)
    ]
    Term.objects.bulk_create([new for _, new in carried if new is not None], batch_size=_BATCH)
    return carried


def _following(term: Term, post: Post, edition: Edition) -> Term:
    starts = max(_since(edition), term.starts)
    fields = {"is_acting": term.is_acting, "document_no": term.document_no}
    return Term(post=post, holder=term.holder, starts=starts, **fields)


def _end(terms: Sequence[int], ends: date) -> None:
    """End all the terms or raise Conflict: one that somebody else has ended at this moment is no longer open."""
    done = sum(Term.objects.filter(pk__in=part, ends__isnull=True).update(ends=ends) for part in chunks(terms))
    if done != len(terms):
        raise Conflict("其中的任期刚刚由他人登记了离任，请刷新再看。", code="term_ended")


class _Board:
    """The posts of the new codes and who holds them, grown as posts are filled."""

    def __init__(self, codes: Sequence[str]) -> None:
        self._posts: dict[PostKey, Post] = {}
        self._held: dict[PostKey, list[tuple[int, date | None]]] = defaultdict(list)
        for part in chunks(codes):
            for post in Post.objects.filter(cell_code__in=part):
                self._posts[post.cell_code, post.kind, post.title] = post
            for term in Term.objects.filter(post__cell_code__in=part).select_related("post"):
                key = (term.post.cell_code, term.post.kind, term.post.title)
                self._held[key].append((term.holder_id, term.ends))

    def place(self, term: Term, code: str, old_name: str, *, starts: date) -> Post | None:
        """The same post on the new code; one named after the old cell where that is somebody else's; None where the
        holder was entered there by hand."""
        old = term.post
        for title in (old.title, f"{old.title}（原{old_name}）"[:80]):
            key = (code, old.kind, title)
            going_on = [holder for holder, ends in self._held[key] if ends is None or ends > starts]
            if (term.holder_id, None) in self._held[key]:
                return None
            if not going_on:
                self._held[key].append((term.holder_id, None))
                fresh = Post(cell_code=code, kind=old.kind, title=title, level=old.level, unit=old.unit)
                return self._posts.setdefault(key, fresh)
        raise Conflict(f"{code} 上的“{title}”已有人任职，请先在那里登记离任。", code="term_overlaps")


def _tell(carried: Sequence[Carried], ends: date) -> None:
    olds = [Change(term.post.level, term.post.cell_code, ends, None) for term, _ in carried]
    news = [Change(new.post.level, new.post.cell_code, new.starts, None) for _, new in carried if new]
    changes.tell([*olds, *news])


def _entry_after(chosen: Sequence[tuple[LeftCode, str]], carried: Sequence[Carried], ends: date) -> dict[str, Any]:
    codes = {left_code.code: "" if new == NOWHERE else new for left_code, new in chosen}
    return {"codes": codes, "ends": ends, "terms": [[old.pk, new.pk if new else None] for old, new in carried]}
