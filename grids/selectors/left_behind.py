"""The old codes whose terms go on although an edition no longer has them, and where to carry them (C2). Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Max, Q

from core.clock import BEIJING
from grids.models import Cell, CellChange, Edition, Term
from grids.roles import RESPONSIBLE_KINDS, Level, PostKind
from grids.selectors.editions import editions_in_force

CARRIED_KINDS = (*RESPONSIBLE_KINDS, PostKind.INSPECTOR)
"""Who answers for ground, or walks it. A county's department follows its document, and is designated anew (C10)."""

Moves = Mapping[str, Sequence[CellChange]]
"""Old code → its rows in force."""


@dataclass(slots=True)
class LeftCode:
    """An old code with the terms that go on under it. `targets` {new code: name}: one = proposed, several = a person
    chooses, none = the ground was given to no cell. `fixed` are terms that cannot be carried by themselves, with the
    reason.
    """

    code: str
    name: str
    level: str
    targets: dict[str, str]
    terms: list[Term] = field(default_factory=list)
    fixed: list[tuple[Term, str]] = field(default_factory=list)

    @property
    def proposed(self) -> str:
        """The one new code, if there is just one."""
        return next(iter(self.targets)) if len(self.targets) == 1 else ""


def ends_on(edition: Edition) -> date:
    """The Beijing date on which old terms end: the day from which the edition rules, and no day before its activation.
    Until an edition was activated in arrears, the old code was the one in use."""
    if edition.valid_from is None or edition.activated_at is None:
        raise ValueError("the edition is not active")
    return max(edition.valid_from, edition.activated_at.astimezone(BEIJING).date())


def left_behind(edition: Edition) -> list[LeftCode]:
    """The old codes with open terms, by code. `edition` is active. A few queries for each edition, however many
    terms."""
    ruling = [active for active in editions_in_force() if active.valid_from and active.valid_from <= _since(edition)]
    maps = [_moves(active) for active in ruling]
    own = _moves(edition)
    gone = {code for code, rows in own.items() if code not in {row.new_code for row in rows}}
    by_code: dict[str, LeftCode] = {}
    terms = list(_open_terms(edition, gone))
    names = _old_names(edition, {term.post.cell_code for term in terms})
    followed = _followed(names, ruling, maps, edition)
    codes = set(names).union(*followed.values())
    here = dict(edition.cells.filter(code__in=codes).values_list("code", "name"))
    for term in terms:
        code = term.post.cell_code
        if code not in names or (code in here and term.starts >= _since(edition)):
            continue  # never a cell, or a term of the new cell that has got the code
        left_code = by_code.get(code)
        if left_code is None:
            targets = followed[code] & (set(here) - ({code} if code in gone else set()))
            chosen = {target: here[target] for target in sorted(targets)}
            left_code = by_code[code] = LeftCode(code, names[code], term.post.level, chosen)
        reason = _reason_against(term, ends_on(edition))
        if reason:
            left_code.fixed.append((term, reason))
        else:
            left_code.terms.append(term)
    return [by_code[code] for code in sorted(by_code)]


def _since(edition: Edition) -> date:
    return edition.valid_from or date.max


def _moves(edition: Edition) -> Moves:
    last = edition.changes.aggregate(last=Max("revision"))["last"]
    rows: dict[str, list[CellChange]] = defaultdict(list)
    for row in edition.changes.filter(revision=last).exclude(old_code="") if last else ():
        rows[row.old_code].append(row)
    return rows


def _open_terms(edition: Edition, gone: Iterable[str]) -> Iterable[Term]:
    """Terms that go on, on codes which the edition lacks or has given to another cell."""
    on = ends_on(edition)
    lacking = ~Q(post__cell_code__in=edition.cells.values("code")) | Q(post__cell_code__in=list(gone))
    return (
        Term.objects.filter(lacking, Q(ends__isnull=True) | Q(ends__gt=on), post__kind__in=CARRIED_KINDS)
        .exclude(post__level=Level.CITY)
        .select_related("post", "holder")
        .order_by("post__cell_code", "post_id", "starts")
    )


def _old_names(edition: Edition, codes: set[str]) -> dict[str, str]:
    """The last names of the codes in the editions that ruled before; a code of none of them is left out."""
    ruled = Cell.objects.filter(code__in=codes).exclude(edition__state=Edition.State.LOADED)
    cells = ruled.exclude(edition=edition).order_by("edition__valid_from", "edition_id")
    return dict(cells.values_list("code", "name"))


def _followed(
    codes: Iterable[str], ruling: Sequence[Edition], maps: Sequence[Moves], edition: Edition
) -> dict[str, set[str]]:
    """The new codes of each code, through the editions after the last one before `edition` that had it."""
    at = {active.pk: order for order, active in enumerate(ruling)}
    had = Cell.objects.filter(code__in=list(codes), edition__in=list(at)).exclude(edition=edition)
    last: dict[str, int] = {}
    for code, pk in had.values_list("code", "edition"):
        last[code] = max(last.get(code, -1), at[pk])
    return {code: _moved(code, maps[last.get(code, -1) + 1 :]) for code in codes}


def _moved(code: str, maps: Sequence[Moves]) -> set[str]:
    codes = {code}
    for moves in maps:
        codes = {
            new for old in codes for new in ([row.new_code for row in moves[old]] if old in moves else [old]) if new
        }
    return codes


def _reason_against(term: Term, on: date) -> str:
    if term.ends is not None:
        return f"任期已定到 {term.ends}，不改；需要时在新代码上登记任职"
    if term.starts >= on:
        return f"任职日期 {term.starts} 不早于 {on}：先登记离任，再在新代码上登记任职"
    return ""
