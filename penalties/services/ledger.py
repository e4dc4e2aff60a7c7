"""The ledger against the database: what should stand, what stands, and posting the difference.

Only building a batch posts. The same arithmetic, read-only, is the nightly check and the one `journal verify` runs.
"""

from datetime import datetime

from firepoints.models import FirePoint
from firepoints.states import State
from journal import clock
from penalties.ledger import REASONS, Charge, Entry, EntryDraft, Posted, diff, problems_of
from penalties.models import Batch, LedgerEntry, Rule
from penalties.services import rules


def desired(*, final_by: datetime | None = None) -> dict[str, Charge]:
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
    assessed = rules.assess(recognitions)
    charges = {}
    for recognition in recognitions:
        if recognition.point_id not in assessed:
            continue
        rule, amount_fen, _ = assessed[recognition.point_id]
        charges[str(recognition.point_id)] = Charge(
            point_id=str(recognition.point_id),
            recognition_id=str(recognition.pk),
            payer_code=recognition.payer_code,
            payer_name=recognition.payer_name,
            month=f"{recognition.burn_date:%Y-%m}",
            basis=recognition.basis,
            amount_fen=amount_fen,
            rule_ref=rule.ref,
        )
    return charges


def draft_of(row: LedgerEntry) -> EntryDraft:
    """The engine's form of a posted row."""
    pinned = Charge(
        point_id=str(row.point_id),
        recognition_id=str(row.recognition_id),
        payer_code=row.payer_code,
        payer_name=row.payer_name,
        month=row.month,
        basis=row.basis,
        amount_fen=row.pinned_fen,
        rule_ref=row.rule.ref,
    )
    return EntryDraft(
        point_id=str(row.point_id),
        seq=row.seq,
        amount_fen=row.amount_fen,
        balance_fen=row.balance_fen,
        pinned=pinned,
        reason=row.reason,
        reverses=row.reverses_id,
    )


def posted() -> dict[str, Posted]:
    """point id → where it stands after its last entry."""
    standing: dict[str, Posted] = {}
    for row in LedgerEntry.objects.select_related("rule").order_by("point_id", "seq"):
        draft = draft_of(row)
        standing[draft.point_id] = Posted(draft.point_id, draft.seq, draft.balance_fen, row.pk, draft.pinned)
    return standing


def drafts_for(*, month: str, cut_off: datetime) -> list[EntryDraft]:
    """What a batch of `month` (YYYY-MM) posts: final points of that month or earlier, and money to give back.

    A point of a later month that stands charged is left as it is; one that is no longer final gives its money back,
    whatever its month and whether or not it was decided before the cut-off.
    """
    standing = posted()
    final_now = desired()
    in_time = desired(final_by=cut_off)
    wanted = {
        point_id: charge
        for point_id, charge in final_now.items()
        if (point_id in standing and standing[point_id].balance_fen) or (point_id in in_time and charge.month <= month)
    }
    return diff(wanted, standing)


def post(batch: Batch, drafts: list[EntryDraft]) -> list[LedgerEntry]:
    """Append the drafts to the ledger under `batch`. UNIQUE(point, seq) refuses a second poster of the same difference."""
    stored = {rule.ref: rule for rule in Rule.objects.all()}
    at = clock.now()
    rows = [
        LedgerEntry(
            point_id=int(draft.point_id),
            seq=draft.seq,
            batch=batch,
            recognition_id=int(draft.pinned.recognition_id),
            amount_fen=draft.amount_fen,
            balance_fen=draft.balance_fen,
            pinned_fen=draft.pinned_fen,
            reverses_id=draft.reverses,
            payer_code=draft.pinned.payer_code,
            payer_name=draft.pinned.payer_name,
            month=draft.pinned.month,
            basis=draft.pinned.basis,
            rule=stored[draft.pinned.rule_ref],
            reason=REASONS.get(draft.reason, draft.reason),
            at=at,
        )
        for draft in drafts
    ]
    made: list[LedgerEntry] = LedgerEntry.objects.bulk_create(rows)
    return made


def problems() -> list[str]:
    """What breaks the ledger's own rules over every posted row, as sentences; empty when well."""
    rows = LedgerEntry.objects.select_related("rule").order_by("id")
    return problems_of([Entry(row.pk, draft_of(row)) for row in rows.iterator(chunk_size=5000)])
