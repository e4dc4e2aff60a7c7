"""Sightings, photos and fire points in any state, made through the real services."""

import io
import itertools
import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from PIL import Image

from core import clock
from firepoints.evidence.pieces import evidence_store
from firepoints.forming.points import NewPoint, create_points
from firepoints.life.proposing import act_or_propose
from firepoints.models import Detection, DetectionKey, Evidence, FirePoint, ImportRun, Question, Ruling, Source
from firepoints.sightings.importing.proposing import withdraw_or_propose
from firepoints.steps import selectors
from firepoints.steps.questions import open_by_point, words_of
from grids.models import User
from grids.roles import PostKind
from grids.selectors import system_user
from journal.models import Proposal
from journal.proposals import services
from tests.factories.city import CITY, IN_WEST, City, hold, person

BURNT_AT = datetime(2023, 10, 7, 5, 30, tzinfo=UTC)
_serial = itertools.count(1)


def run_of(source: str, actor: User | None = None) -> ImportRun:
    """The committed run from which a source's factory sightings come; the first call says who brought it."""
    row = Source.objects.get(code=source)
    run, _ = ImportRun.objects.get_or_create(
        source=row,
        filename=f"{source}.csv",
        defaults={
            "sha256": "0" * 64,
            "datum": "wgs84",
            "actor": actor or system_user(),
            "state": ImportRun.State.COMMITTED,
        },
    )
    return run


def detection(
    *,
    source: str = "provincial_list",
    at: tuple[float, float] = IN_WEST,
    when: datetime = BURNT_AT,
    **given: Any,
) -> Detection:
    """One sighting; a satellite pixel of 375 m unless the source is an inspection or `kind` says otherwise."""
    run = run_of(source)
    number = next(_serial)
    is_pixel = run.source.kind == Source.Kind.SATELLITE
    facts = {
        "kind": Detection.Kind.SATELLITE if is_pixel else Detection.Kind.FIRE,
        "satellite": "N20" if is_pixel else "",
        "scan_km": 0.39 if is_pixel else None,
        "track_km": 0.36 if is_pixel else None,
        "precision": "instant",
        "starts_at": when,
        "ends_at": when,
        "beijing_date": clock.beijing_date(when),
        "given_lon": f"{at[0]:.5f}",
        "given_lat": f"{at[1]:.5f}",
        **given,
    }
    made = Detection.objects.create(
        run=run, row_no=number, source=run.source, key=f"{source}:{number}", lon=at[0], lat=at[1],
        datum="wgs84", **facts,
    )  # fmt: skip
    DetectionKey.objects.create(key=made.key, base_key=made.key, detection=made)
    return made


def create_point(*, detections: Sequence[Detection], actor: User, why: Mapping[int, str] | str = "") -> FirePoint:
    """The point that these detections form."""
    return create_points([NewPoint(detections, why)], actor=actor)[0]


def suspected(*, source: str = "provincial_list", at: tuple[float, float] = IN_WEST, **given: Any) -> FirePoint:
    """A suspected point of one sighting."""
    return create_point(detections=[detection(source=source, at=at, **given)], actor=system_user(), why="一条记录")


def jpeg(width: int = 800, height: int = 600, *, shade: int | None = None) -> bytes:
    """A small decodable photo; each one differs unless `shade` says which."""
    shade = next(_serial) if shade is None else shade
    content = io.BytesIO()
    Image.new("RGB", (width, height), (shade % 256, shade // 256 % 256, 90)).save(content, "JPEG", comment=str(shade))
    return content.getvalue()


def photo(point: FirePoint, by: User, *, at: tuple[float, float] | None = None, **given: Any) -> Evidence:
    """A stored photo, taken at the point unless `at` says where."""
    lon, lat = at or (point.lon, point.lat)
    facts = {"uuid": uuid.uuid4(), "file": jpeg(), "kind": "photo", "lon": lon, "lat": lat, **given}
    return evidence_store(point=point, actor=by, **facts)


def scan(point: FirePoint, by: User) -> Evidence:
    """A stored scan of a paper, each of its own content."""
    body = b"%PDF-1.4\n1 0 obj<</Type/Catalog/N " + str(next(_serial)).encode() + b">>endobj\n"
    content = body + b"startxref\n9\n%%EOF\n"
    return evidence_store(point=point, actor=by, uuid=uuid.uuid4(), file=content, kind="scan")


def track(point: FirePoint, by: User, *, rows: int = 1) -> Evidence:
    """A stored search track through the point; with more `rows` to and fro over a kilometre around it."""
    if rows == 1:
        line = [[point.lon + step / 1000, point.lat] for step in range(-3, 4)]
    else:
        lats = [point.lat + (row / (rows - 1) - 0.5) * 0.008 for row in range(rows)]
        lons = [point.lon + step / 500 for step in range(-3, 4)]
        line = [[lon, lat] for at, lat in enumerate(lats) for lon in (lons if at % 2 else lons[::-1])]
    content = json.dumps({"type": "LineString", "coordinates": line, "n": next(_serial)}).encode()
    return evidence_store(point=point, actor=by, uuid=uuid.uuid4(), file=content, kind="track")


def uuids(*evidence: Evidence) -> list[str]:
    return [str(one.uuid) for one in evidence]


def take(point: FirePoint, action: str, actor: User, **data: Any) -> FirePoint:
    """One act through the door that API, command and pages use; where it takes two persons, another one accepts at once.

    A true report answers for one new site unless it says more."""
    if action in ("report", "report_on_behalf", "verify_own") and data.get("conclusion") == "true":
        data = {"sites": 1, "is_new": True, **data}
    outcome = act_or_propose(point_id=point.pk, action=action, actor=actor, data=data)
    if outcome.proposal is None:
        return outcome.point
    accept(outcome.proposal)
    return FirePoint.objects.get(pk=point.pk)


def proposed(point: FirePoint, action: str, actor: User, **data: Any) -> Proposal:
    """The proposal of an act that takes two persons, not answered yet."""
    proposal = act_or_propose(point_id=point.pk, action=action, actor=actor, data=data).proposal
    assert proposal is not None
    return proposal


def accept(proposal: Proposal, by: User | None = None) -> Proposal:
    """The answer of another person, who holds every office of the bureau unless `by` says who."""
    return services.accept(proposal_id=proposal.pk, actor=by or second_person())


def second_person() -> User:
    """Another clerk and 认定人 than those of the city."""
    user = User.objects.filter(username="second").first()
    if user is None:
        user = person("second", PostKind.BUREAU, CITY)
        hold(user, PostKind.RECOGNISER, CITY)
    return user


def loosen(*keys: str) -> None:
    """A ruling by which one person may do what takes two, for tests about something else than the second person."""
    Ruling.objects.bulk_create(
        Ruling(key=f"two_persons.{key}", valid_from=date(2016, 1, 1), value=False, document_no="演示〔2016〕2号")
        for key in keys
    )


def withdraw(run: ImportRun, actor: User, reason: str = "选错文件") -> ImportRun:
    """The withdrawal of a list; where it takes two persons, another one accepts at once."""
    outcome = withdraw_or_propose(run=str(run.uuid), actor=actor, reason=reason)
    if outcome.proposal is not None:
        accept(outcome.proposal)
    return ImportRun.objects.get(pk=run.pk)


def actions(point: FirePoint, actor: User) -> dict[str, list[str]]:
    """What `actor` may do with the point, by action, with what is missing."""
    point = selectors.fire_point_for(actor, point.pk)
    return {offer.transition.action: list(offer.missing) for offer in selectors.actions_for(point, actor)}


def dispatched(city: City, **given: Any) -> FirePoint:
    return take(suspected(**given), "dispatch", city.clerk)


def department(city: City, point: FirePoint) -> User:
    """The designated department of the point's county."""
    return city.west if point.county_code == "210590" else city.east


def verified(city: City, **given: Any) -> FirePoint:
    """属实 by the county's designated department; `burnt` is what it says of what burnt."""
    burnt = given.pop("burnt", {})
    point = dispatched(city, **given)
    by = department(city, point)
    return take(point, "report", by, conclusion="true", evidence=uuids(photo(point, by)), **burnt)


def negative(city: City, **given: Any) -> FirePoint:
    """查否 with everything that it must bring."""
    point = dispatched(city, **given)
    by = department(city, point)
    pieces = [*(photo(point, by) for _ in range(3)), track(point, by)]
    told = {"conclusion": "false", "cause": "grass", "signed_by": "演示科长", "evidence": uuids(*pieces)}
    return take(point, "report", by, **told)


def recognised(city: City, **given: Any) -> FirePoint:
    """认定计入; a fire that no rule reaches is counted for nothing."""
    data = {"reason": "证据充分", "zero_amount_confirmed": True}
    return take(verified(city, **given), "recognise", city.recogniser, **data)


def notified(city: City, **given: Any) -> FirePoint:
    return take(recognised(city, **given), "notify", city.clerk)


def final(city: City, **given: Any) -> FirePoint:
    """Final because the county waived its objection in writing."""
    point = notified(city, **given)
    return take(point, "waive", department(city, point), document_no="演示函〔2023〕1号")


def joint(city: City, **given: Any) -> FirePoint:
    return take(suspected(**given), "mark_cross", city.clerk, reason="像元跨两县")


def served(point: FirePoint, by: User, times: int = 2) -> list[dict[str, Any]]:
    """The notices of one party: served on the days after the fire, each with the scan of its paper."""
    days = [point.burn_date + timedelta(days=at) for at in range(1, times + 1)]
    return [
        {"served_on": day.isoformat(), "addressee": "演示收件人", "scan": uuids(scan(point, by))[0]} for day in days
    ]


def attendance(notices: Sequence[dict[str, Any]] | None = None, **outcomes: str) -> list[dict[str, Any]]:
    """The bureau present, and both counties as given (default present): west=…, east=…. `notices`: of whoever is absent."""
    parties = [{"party": "演示市生态环境局", "outcome": "present", "signer": "演示执法员"}]
    for name, code in (("west", "210590"), ("east", "210591")):
        outcome = outcomes.get(name, "present")
        signer = "演示签字人" if outcome == "present" else ""
        called = {"notices": notices} if outcome == "absent" and notices is not None else {"notices_sent": 1}
        parties.append({"party": name, "county_code": code, "outcome": outcome, "signer": signer, **called})
    return parties


def asked(point: FirePoint) -> str:
    """The words of what is open at a point now, as one text; empty: nothing is."""
    return words_of(open_by_point([point])[point.pk])


def ask(point: FirePoint, words: str, kind: str = Question.Kind.OTHER, **about: Any) -> Question:
    """An open question, as the machine asks it."""
    return Question.objects.create(point=point, kind=kind, words=words, **about)
