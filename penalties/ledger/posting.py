"""The ledger against the database: what should be posted, what is posted, and posting the difference (C12, C13).

Only building a batch posts. The same arithmetic, read-only, is the nightly check and the one `journal verify` runs.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime

from django.db.models import Case, CharField, Exists, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Concat

from core import clock
from core.month import Month
from firepoints.models import FirePoint, Recognition
from firepoints.steps.questions import stops_money
from firepoints.terms.states import State
from penalties.ledger.difference import Charge, EntryDraft, diff, faults_of
from penalties.ledger.differing import PIECE, counted_with, differing, pieces
from penalties.ledger.undoing import drafts_undoing
from penalties.models import Batch, BatchState, LedgerEntry, Rule
from penalties.rules import stored

# What a draft and a row of the ledger have in common.
COLUMNS = (
    *("point_id", "seq", "recognition_id", "amount_fen", "balance_fen", "pinned_fen", "reverses_id"),
    *("payer_code", "payer_name", "month", "basis", "reason"),
)
READ = ("id", *COLUMNS, "rule_ref")
_RULE_REF = {"rule_ref": Concat("rule__code", Value("@"), Cast("rule__version", CharField()), output_field=CharField())}


def charges_of(point_ids: Collection[int]) -> dict[int, Charge]:
    """point id → charge for the final ones among these points, from what their 认定 pinned: no clock, no current setting.

    Under a rule that counts, all final points are counted, and these are returned.
    """
    together = counted_with(sorted(point_ids))
    if together is not None:
        assessed = _assessed(_final_recognitions().filter(together))
        return {pk: charge for pk, charge in assessed.items() if pk in point_ids}
    charges: dict[int, Charge] = {}
    for ids in pieces(sorted(point_ids)):
        charges |= _assessed(_final_recognitions().filter(point__in=ids))
    return charges


def _final_recognitions() -> QuerySet[Recognition]:
    """The 认定 by which final points are final. A final point is counted, by CHECK."""
    final = Recognition.objects.filter(point__state=State.FINAL, point__recognition=F("pk"))
    return final.select_related("attribution", "verification", "charged_detection__source").order_by("point_id")


def _assessed(recognitions: Iterable[Recognition]) -> dict[int, Charge]:
    recognitions = list(recognitions)
    assessed = stored.assess(recognitions)
    return {
        recognition.point_id: _charge(recognition, *assessed[recognition.point_id][:2])
        for recognition in recognitions
        if recognition.point_id in assessed
    }


def _charge(recognition: Recognition, rule: Rule, amount_fen: int) -> Charge:
    return Charge(
        point_id=recognition.point_id,
        recognition_id=recognition.pk,
        payer_code=recognition.payer_code,
        payer_name=recognition.payer_name,
        month=str(Month.of(recognition.burn_date)),
        basis=recognition.basis,
        amount_fen=amount_fen,
        rule_ref=rule.ref,
    )


def last_entries(point_ids: Collection[int]) -> dict[int, LedgerEntry]:
    """point id → its last entry, with the balance after it, of those points that have one."""
    last: dict[int, LedgerEntry] = {}
    for ids in pieces(sorted(point_ids)):
        entries = LedgerEntry.objects.filter(point__in=ids).select_related("rule").order_by("point_id", "seq")
        last |= {entry.point_id: entry for entry in entries}
    return last


def drafts_for(*, month: str, cut_off: datetime, first_month: str = "") -> list[EntryDraft]:
    """The entries that a batch of `month` (YYYY-MM) posts: final points of that month or earlier, and money to give back.

    `first_month` leaves out the points of the months before it.

    A point of a later month that is charged is left as it is; one that is no longer final gives its money back,
    whatever its month and whether or not it was decided before the cut-off. What is asked of a final point stands before
    its money: it is not charged, one charged earlier stays as it is, and one in the open batch leaves it again. Reads what
    differs, not what was posted.
    """
    waiting = set(held_points().values_list("pk", flat=True))
    burned = (Month.parse(first_month).first_day if first_month else date.min, Month.parse(month).last_day)
    ids = differing(burned=burned, final_by=cut_off)
    return diff(charges_of(ids), last_entries(ids)) + _taken_out(waiting)


def held_points() -> QuerySet[FirePoint]:
    """The final counted points of which something is asked that stands before money."""
    return FirePoint.objects.filter(stops_money(), state=State.FINAL, counted=True)


def charged_among(points: QuerySet[FirePoint]) -> list[int]:
    """The ids of those of some points whose charge stands in the ledger."""
    entries = LedgerEntry.objects.filter(point__in=points.values("pk")).order_by("point_id", "seq")
    balances = dict(entries.values_list("point_id", "balance_fen"))
    return [point_id for point_id, balance_fen in balances.items() if balance_fen]


def _taken_out(waiting: set[int]) -> list[EntryDraft]:
    """The entries that take held points out of the open batch: as if it had never held them."""
    own = LedgerEntry.objects.filter(batch__state=BatchState.OPEN, point__in=waiting)
    open_id = own.values_list("batch_id", flat=True).first()
    if open_id is None:
        return []
    returned = set(Batch.objects.filter(state=BatchState.RETURNED).values_list("pk", flat=True))
    entries = LedgerEntry.objects.filter(point__in=own.values("point")).select_related("rule").order_by("seq")
    return drafts_undoing(entries, batch_id=open_id, returned=returned, cause="asked")


def post(batch: Batch, drafts: list[EntryDraft]) -> list[LedgerEntry]:
    """Append the drafts to the ledger under `batch`. UNIQUE(point, seq) refuses a second poster of the same difference.

    The one door by which entries come into the ledger: it notes on their points what the ledger now holds of them.
    """
    by_ref = {rule.ref: rule for rule in Rule.objects.all()}
    at = clock.now()
    entries: list[LedgerEntry] = LedgerEntry.objects.bulk_create(
        (
            LedgerEntry(
                batch=batch, rule=by_ref[draft.rule_ref], at=at, **{name: getattr(draft, name) for name in COLUMNS}
            )
            for draft in drafts
        ),
        batch_size=PIECE,
    )
    note_posted({draft.point_id for draft in drafts})
    return entries


def note_posted(point_ids: Collection[int]) -> None:
    """Write on these points for which 认定 the ledger holds a charge, as its last entry says; nobody else writes it.

    Locked in the order of ids, as every act on several points does.
    """
    newest = LedgerEntry.objects.filter(point=OuterRef("pk")).order_by("-seq")
    holds = Case(When(balance_fen__gt=0, then=F("recognition_id")))
    for ids in pieces(sorted(point_ids)):
        points = FirePoint.objects.filter(pk__in=ids)
        list(points.select_for_update().order_by("pk").values_list("pk"))
        points.update(posted_recognition=Subquery(newest.values(recognition_of=holds)[:1]))


def problems() -> Iterator[str]:
    """What breaks the ledger's own rules over every posted row, and what is noted on points otherwise than it was posted;
    as sentences, none when well. Reads row by row."""
    rows = LedgerEntry.objects.annotate(**_RULE_REF).order_by("point_id", "seq", "pk")
    yield from faults_of(rows.values_list(*READ, named=True).iterator(chunk_size=PIECE))
    yield from _misnoted()


def _misnoted() -> Iterator[str]:
    charges = LedgerEntry.objects.filter(balance_fen__gt=0, reversed_by__isnull=True)
    unnoted = charges.exclude(point__posted_recognition=F("recognition")).order_by("point_id")
    for number, pk in unnoted.values_list("point__number", "point").iterator(chunk_size=PIECE):
        yield f"火点 {number or pk}：已入账的认定没有记在火点上"
    noted = FirePoint.objects.filter(posted_recognition__isnull=False)
    unfounded = noted.exclude(Exists(charges.filter(point=OuterRef("pk"), recognition=OuterRef("posted_recognition"))))
    for number, pk in unfounded.order_by("pk").values_list("number", "pk").iterator(chunk_size=PIECE):
        yield f"火点 {number or pk}：火点上记着已入账，账上没有这一笔"
