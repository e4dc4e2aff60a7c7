"""The activation of a boundary edition: it rules from a Beijing date (C2). Loading is in loading.py."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction

from core import clock
from core.errors import Conflict, Missing, NotAllowed, Refused
from grids.editions import days_over, guards
from grids.editions.check import edition_check
from grids.editions.loading import edition_import, edition_load, edition_store
from grids.editions.reports import require_accepted
from grids.editions.turns import hold_editions
from grids.models import Edition, User
from grids.roles import Level
from journal.record.services import record

__all__ = ["edition_activate", "edition_check", "edition_import", "edition_load", "edition_named", "edition_store"]


def edition_named(name: str) -> Edition:
    """The edition of that name. Raises Refused("no_edition")."""
    edition = Edition.objects.filter(name=name).first()
    if edition is None:
        raise Refused(f"没有名为“{name}”的边界版本；请先 grid import。", code="no_edition")
    return edition


@transaction.atomic
def edition_activate(
    *,
    name: str,
    valid_from: date,
    actor: User,
    reason: str = "",
    accept_findings: bool = False,
    is_correction: bool = False,
) -> tuple[Edition, bool]:
    """Let an edition rule from a Beijing date; returns it and whether anything changed.

    A correcting edition (`is_correction`, with a reason) may reach back over decided fires, or take the place of the one
    of that very date: what it changes is proposed point by point, and no 认定 changes.

    An active edition may be moved to another date by the same rule. Raises Refused("no_edition"), Missing without a
    county layer (then no payer can be found, C12), Conflict when another edition rules from that very date, NotAllowed
    ("activation_refused") when a guard of an upper app objects, as after the first 认定 of a date that would change, and
    Conflict("check_failed") when the check found errors that nobody accepted with a reason (`accept_findings`).
    """
    if is_correction and not reason.strip():
        raise Missing(["更正的理由"])
    hold_editions()
    edition = edition_named(name)
    before = {"state": edition.state, "valid_from": edition.valid_from}
    if edition.state == Edition.State.ACTIVE and edition.valid_from == valid_from:
        return edition, False
    _require_usable(edition)
    active = Edition.objects.filter(state=Edition.State.ACTIVE).exclude(pk=edition.pk)
    rival = active.filter(valid_from=valid_from).first()
    if rival and is_correction:
        Edition.objects.filter(pk=rival.pk).update(state=Edition.State.RETIRED)
    elif rival:
        raise Conflict(f"边界版本“{rival.name}”已从 {valid_from} 起启用，同一日期只能有一个版本。", code="date_taken")
    accepted = require_accepted(edition, is_accepted=accept_findings, reason=reason)
    earliest = min(filter(None, (valid_from, edition.valid_from)))
    reasons = guards.reasons_against(edition, earliest)
    if reasons and not is_correction:
        raise NotAllowed(f"不能从 {valid_from} 起启用“{name}”：{'；'.join(reasons)}", code="activation_refused")
    edition.state = Edition.State.ACTIVE
    edition.valid_from = valid_from
    edition.activated_at = clock.now()
    edition.supersedes = rival or active.filter(valid_from__lt=valid_from).order_by("-valid_from").first()
    try:
        with transaction.atomic():
            edition.save(update_fields=["state", "valid_from", "activated_at", "supersedes"])
    except IntegrityError as error:
        raise Conflict(f"另一个边界版本刚刚从 {valid_from} 起启用。", code="date_taken") from error
    after = {"state": edition.state, "valid_from": valid_from} | ({"accepted": accepted} if accepted else {})
    if is_correction:
        after |= {"corrects": rival.pk if rival else None, "decided": reasons}
    record("grid.activated", edition, actor, before=before, after=after, reason=reason)
    days_over.tell(edition)
    return edition, True


def _require_usable(edition: Edition) -> None:
    if edition.state == Edition.State.RETIRED:
        raise Conflict(f"边界版本“{edition.name}”已停用，不能再启用；请重新导入为新版本。", code="edition_retired")
    if not edition.cells.filter(level=Level.COUNTY).exists():
        raise Missing(["县（区）图层"], code="no_county_layer")
