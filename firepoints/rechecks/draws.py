"""抽取复查: once a day by lot, on record, so that nobody can steer which record is drawn (policy.md §5)."""

from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from core import clock
from firepoints.models import Recheck, RecheckDraw, RecheckVisit, Verification
from firepoints.rechecks.counties import WINDOW, last_records, shares_in_force, standing_records
from firepoints.rechecks.drawing import drawn, seed_of, share_of_denials
from firepoints.terms.states import Conclusion
from grids.models import User
from grids.selectors import system_user
from journal.models import Entry, Seal
from journal.record.services import record

Population = dict[str, dict[str, list[Any]]]
Kind = RecheckDraw.Kind


def head_after(until: datetime) -> str:
    """The head of the journal's chain as it was first sealed at or after a moment (without a sealer, the first entry);
    "" before there is one. What a county filed before that moment could not know it, and whoever draws cannot choose it."""
    seal = Seal.objects.filter(entry__at__gte=until).order_by("seq").values_list("hash", flat=True).first()
    entry = Entry.objects.filter(at__gte=until).order_by("pk").values_list("digest", flat=True)
    return str(seal or entry.first() or "")


def recheck_draw(*, actor: User | None = None, until: datetime | None = None) -> RecheckDraw | None:
    """Draw among the records that counties filed up to `until` (the last midnight in Beijing) and that no draw has covered.
    Returns the draw; None where it was drawn already, or the journal has no head after that moment yet.

    Whoever calls it, and when, makes no difference to what is drawn.
    """
    until = until or datetime.combine(clock.today_beijing(), time.min, clock.BEIJING).astimezone(UTC)
    last = RecheckDraw.objects.filter(kind=Kind.LOT).order_by("-until").first()
    since, head = (last.until if last else until - WINDOW), head_after(until)
    if since >= until or not head:
        return None
    population, seed = _population(since, until), seed_of(head, until.isoformat())
    try:
        with transaction.atomic():
            draw = RecheckDraw.objects.create(
                kind=Kind.LOT, until=until, seed=seed, head=head, population=population,
                drawn_by=actor or system_user(),
            )  # fmt: skip
            _file(draw, [key for county in population.values() for key in _drawn_of(county, seed)])
    except IntegrityError:
        return None  # drawn at once by another hand, with the same outcome
    return draw


def _drawn_of(county: dict[str, list[Any]], seed: str) -> list[int]:
    of_false, of_true = county["shares"]
    return [*drawn(seed, county["false"], of_false), *drawn(seed, county["true"], of_true)]


def _population(since: datetime, until: datetime) -> Population:
    """Of what is drawn, by county: the ids of denials and of true findings, and the share of each."""
    shares = shares_in_force()
    population: Population = defaultdict(lambda: {"false": [], "true": [], "shares": []})
    for pk, code, conclusion in (
        standing_records(since, until).order_by("pk").values_list("pk", "county_code", "conclusion")
    ):
        population[code][str(conclusion)].append(pk)
    suspects = _contradicted(until - WINDOW)
    filed: dict[str, int] = defaultdict(int)
    month = last_records(until - WINDOW).filter(conclusion=Conclusion.FALSE, at__lte=until)
    for code in month.values_list("county_code", flat=True):
        filed[code] += 1
    for code, county in population.items():
        of_false = share_of_denials(shares, filed[code], is_contradicted=code in suspects)
        county["shares"] = [round(of_false, 6), shares.true]
    return dict(sorted(population.items()))


def _contradicted(since: datetime) -> set[str]:
    visits = RecheckVisit.objects.filter(at__gte=since, is_contradiction=True, recheck__conclusion=Conclusion.FALSE)
    return set(visits.values_list("recheck__county_code", flat=True))


def draw_the_rest(*, county_code: str, actor: User) -> RecheckDraw | None:
    """After a contradiction: every denial that the county filed in the last 30 days is visited. In the caller's transaction."""
    now = clock.now()
    rows = standing_records(now - WINDOW, now + timedelta(seconds=1))
    keys = list(
        rows.filter(county_code=county_code, conclusion=Conclusion.FALSE).order_by("pk").values_list("pk", flat=True)
    )
    if not keys:
        return None
    population = {county_code: {"false": keys, "true": [], "shares": [1.0, 0.0]}}
    draw = RecheckDraw.objects.create(kind=Kind.AFTER, until=now, population=population, drawn_by=actor)
    _file(draw, keys)
    return draw


def _file(draw: RecheckDraw, keys: list[int]) -> None:
    rows = Verification.objects.filter(pk__in=keys).order_by("pk")
    Recheck.objects.bulk_create(
        Recheck(
            draw=draw, verification=row, point_id=row.point_id, county_code=row.county_code, conclusion=row.conclusion
        )
        for row in rows
    )
    counts = {code: [len(county["false"]), len(county["true"])] for code, county in draw.population.items()}
    after = {"seed": draw.seed, "until": draw.until.isoformat(), "from": counts, "count": len(keys), "kind": draw.kind}
    record("recheck.drawn", draw, draw.drawn_by, after=after)


def problems() -> list[str]:
    """A sentence for each draw that gives something else when it is drawn again; empty when sound."""
    sentences = []
    for draw in RecheckDraw.objects.filter(kind=Kind.LOT).prefetch_related("rechecks").order_by("pk"):
        again = sorted(key for county in draw.population.values() for key in _drawn_of(county, draw.seed))
        if draw.seed != seed_of(draw.head, draw.until.isoformat()) or again != sorted(
            row.verification_id for row in draw.rechecks.all()
        ):
            sentences.append(f"{draw.until:%Y-%m-%d} 的复查抽取与种子算出的不符。")
    return sentences
