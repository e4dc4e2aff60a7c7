"""转到新代码: when an edition renames, merges or splits cells, who answered under an old code goes on under the new one (C2).

Nothing is rewritten: the old term gets an end, a new term begins. A person confirms each target.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from grids import people_changes
from grids.models import Edition, Post, Term, User
from grids.people_changes import Change
from grids.selectors.editions import edition_now
from grids.selectors.left_behind import LeftCode, ends_on, left_behind
from journal.errors import BadInput, Conflict
from journal.services import record

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
    left = {one.code: one for one in left_behind(edition)}
    chosen = [(left[code], new) for code, new in choices.items() if code in left and left[code].terms]
    for one, new in chosen:
        _check(one, new, edition)
    ends, made = ends_on(edition), []
    try:
        with transaction.atomic():
            for one, new in chosen:
                made += [_carry(term, one, new, edition, ends) for term in one.terms]
    except IntegrityError as error:
        raise Conflict("其中的岗位刚刚由他人填报了任期，请刷新再看。", code="term_overlaps") from error
    if made:
        _tell(made, ends)
        record("terms.carried", edition, actor, after=_told(chosen, made, ends), reason=reason)
    return {"codes": len(chosen), "ended": len(made), "started": sum(new is not None for _, new in made)}


def proposals(edition: Edition) -> dict[str, str]:
    """{old code: the one new code} of all that needs no choice: what `posts_carry` takes when a person confirms them all."""
    return {one.code: one.proposed for one in left_behind(edition) if one.proposed and one.terms}


def _require_ruling(edition: Edition) -> None:
    now = edition_now()
    is_past = now is not None and now.pk != edition.pk and _since(edition) <= _since(now)
    if edition.state != Edition.State.ACTIVE or is_past:
        raise Conflict(f"“{edition.name}”没有启用，或已由后来的版本接替。", code="edition_not_in_force")


def _since(edition: Edition) -> date:
    return edition.valid_from or date.max


def _check(left: LeftCode, new: str, edition: Edition) -> None:
    if new == NOWHERE or new in left.targets:
        return
    if left.targets or not edition.cells.filter(code=new, level=left.level).exists():
        known = "、".join(left.targets) or "同一级的代码"
        raise BadInput(f"{left.code} {left.name} 不能转到 {new or '（空）'}；可选：{known}", where=left.code)


Carried = tuple[Term, Term | None]


def _carry(term: Term, left: LeftCode, new: str, edition: Edition, ends: date) -> Carried:
    if not Term.objects.filter(pk=term.pk, ends__isnull=True).update(ends=ends):
        raise Conflict(f"{left.code} 的任期刚刚由他人登记了离任，请刷新再看。", code="term_ended")
    if new == NOWHERE:
        return term, None
    starts = max(_since(edition), term.starts)
    post = _post(term.post, new, left.name, holder=term.holder_id, starts=starts)
    if post.terms.filter(holder=term.holder_id, ends__isnull=True).exists():
        return term, None  # has been entered there by hand
    return term, Term.objects.create(
        post=post, holder=term.holder, starts=starts, is_acting=term.is_acting, document_no=term.document_no
    )


def _post(old: Post, code: str, old_name: str, *, holder: int, starts: date) -> Post:
    """The same post on the new code; one named after the old cell where that is somebody else's."""
    for title in (old.title, f"{old.title}（原{old_name}）"[:80]):
        post, _ = Post.objects.get_or_create(
            cell_code=code, kind=old.kind, title=title, defaults={"level": old.level, "unit": old.unit}
        )
        others = post.terms.exclude(ends__lte=starts).exclude(holder=holder, ends__isnull=True)
        if not others.exists():
            return post
    raise Conflict(f"{code} 上的“{title}”已有人任职，请先在那里登记离任。", code="term_overlaps")


def _tell(made: Sequence[Carried], ends: date) -> None:
    olds = [Change(term.post.level, term.post.cell_code, ends, None) for term, _ in made]
    news = [Change(new.post.level, new.post.cell_code, new.starts, None) for _, new in made if new]
    people_changes.tell([*olds, *news])


def _told(chosen: Sequence[tuple[LeftCode, str]], made: Sequence[Carried], ends: date) -> dict[str, Any]:
    codes = {one.code: "" if new == NOWHERE else new for one, new in chosen}
    return {"codes": codes, "ends": ends, "terms": [[old.pk, new.pk if new else None] for old, new in made]}
