"""The ledger against the database: what should be posted, what is posted, and posting the difference (C12, C13).

Only building a batch posts. The same arithmetic, read-only, is the nightly check and the one `journal verify` runs.
"""

from datetime import datetime

from core import clock
from core.month import Month
from firepoints.models import FirePoint
from firepoints.terms.states import State
from penalties.ledger.difference import Charge, EntryDraft, diff, problems_of
from penalties.models import Batch, LedgerEntry, Rule
from penalties.rules import stored

# What a draft and a row of the ledger have in common.
COLUMNS = (
    *("point_id", "seq", "recognition_id", "amount_fen", "balance_fen", "pinned_fen", "reverses_id"),
    *("payer_code", "payer_name", "month", "basis", "reason"),
)


def desired(*, final_by: datetime | None = None) -> dict[int, Charge]:
    """point id → charge for every final counted point, from what its 认定 pinned: no clock, no current setting.

    `final_by` (UTC) leaves out the points that became final after a batch's cut-off.
    """
    points = FirePoint.objects.filter(state=State.FINAL, counted=True).select_related(
        "recognition__attribution", "recognition__charged_detection__source"
    )
    if final_by is not None:
        points = points.filter(final_at__lte=final_by)
    # A final point has its 认定 by CHECK; the condition is for the reader of types.
    recognitions = [point.recognition for point in points.order_by("pk") if point.recognition]
    assessed = stored.assess(recognitions)
    charges = {}
    for recognition in recognitions:
        if recognition.point_id not in assessed:
            continue
        rule, amount_fen, _ = assessed[recognition.point_id]
        charges[recognition.point_id] = Charge(
            point_id=recognition.point_id,
            recognition_id=recognition.pk,
            payer_code=recognition.payer_code,
            payer_name=recognition.payer_name,
            month=str(Month.of(recognition.burn_date)),
            basis=recognition.basis,
            amount_fen=amount_fen,
            rule_ref=rule.ref,
        )
    return charges


def posted() -> dict[int, LedgerEntry]:
    """point id → its last entry, with the balance after it."""
    entries = LedgerEntry.objects.select_related("rule").order_by("point_id", "seq")
    return {entry.point_id: entry for entry in entries.iterator(chunk_size=5000)}


def drafts_for(*, month: str, cut_off: datetime) -> list[EntryDraft]:
    """The entries that a batch of `month` (YYYY-MM) posts: final points of that month or earlier, and money to give back.

    A point of a later month that is charged is left as it is; one that is no longer final gives its money back,
    whatever its month and whether or not it was decided before the cut-off.
    """
    last_entries = posted()
    final_now = desired()
    in_time = desired(final_by=cut_off)
    charges = {
        point_id: charge
        for point_id, charge in final_now.items()
        if (point_id in last_entries and last_entries[point_id].balance_fen)
        or (point_id in in_time and charge.month <= month)
    }
    return diff(charges, last_entries)


def post(batch: Batch, drafts: list[EntryDraft]) -> list[LedgerEntry]:
    """Append the drafts to the ledger under `batch`. UNIQUE(point, seq) refuses a second poster of the same difference."""
    by_ref = {rule.ref: rule for rule in Rule.objects.all()}
    at = clock.now()
    entries: list[LedgerEntry] = LedgerEntry.objects.bulk_create(
        LedgerEntry(batch=batch, rule=by_ref[draft.rule_ref], at=at, **{name: getattr(draft, name) for name in COLUMNS})
        for draft in drafts
    )
    return entries


def problems() -> list[str]:
    """What breaks the ledger's own rules over every posted row, as sentences; empty when well."""
    return problems_of(LedgerEntry.objects.select_related("rule").order_by("id").iterator(chunk_size=5000))
