"""The month, act by act at its own simulated time: files arrive, fires take their course, the batch goes to finance.

Everything is done in the order of time, whatever story it belongs to. What was done by a run that was cut short is seen
in the records (a run of the same file, a step of the point, the state of the batch) and is not done again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path

import shapely
from django.conf import settings

from core import clock
from core.month import Month
from demo import story, world
from demo.files import DemoFile, files_of
from demo.plan import Plan
from demo.services import batch, proposal
from demo.services.verbs import ACTION_OF, VERBS, Scene
from demo.story import Story
from demo.world import Seen, World
from firepoints.models import FirePoint, ImportRun, Membership
from firepoints.sightings.importing.order import ImportOrder
from firepoints.sightings.importing.reading import ListName
from firepoints.sightings.importing.start import import_file
from firepoints.terms.states import State
from grids.locating import locate
from grids.models import Edition, User
from grids.roles import Level

NEAR_DEG = 2e-5  # 2 m: the rounding of degrees, minutes and seconds
OPENS, SHUTS = time(8), time(20)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens at a time."""

    at: datetime
    what: str
    run: Callable[[], None]


def play(*, edition: Edition, plan: Plan, hand: clock.SimulatedClock, progress: Callable[[str], None]) -> None:
    """Let the whole month happen; `hand` is the simulated clock in force, which this moves on."""
    counties = dict(edition.cells.filter(level=Level.COUNTY).values_list("code", "name"))
    demo_world = world.build(story.SEED, _outlines(edition), plan)
    files = files_of(demo_world, plan, partial(_names, edition, plan))
    cast = {user.username: user for user in User.objects.exclude(username__startswith="head")}
    month = None
    for event in events_of(plan, demo_world, files, cast, counties):
        if Month.of(clock.beijing_date(event.at)) != month:
            month = Month.of(clock.beijing_date(event.at))
            progress(f"演示月份 {month} / playing {month}")
        hand.set(event.at)
        event.run()


def events_of(
    plan: Plan, demo_world: World, files: Sequence[DemoFile], cast: Mapping[str, User], counties: Mapping[str, str]
) -> list[Event]:
    """Everything that happens, in the order of time."""
    events = [
        *_arrivals(files, cast["clerk"]),
        *_courses(plan, demo_world, cast, counties),
        *batch.events(plan, cast, Event),
        Event(plan.last_act, "proposal", partial(proposal.propose, cast)),
    ]
    return sorted(events, key=lambda event: event.at)


def _outlines(edition: Edition) -> dict[str, shapely.Geometry]:
    cells = edition.cells.filter(level=Level.COUNTY).order_by("code").values_list("code", "geometry")
    return {code: shapely.from_wkb(bytes(wkb)) for code, wkb in cells if wkb is not None}


def _names(edition: Edition, plan: Plan, lon: float, lat: float) -> tuple[str, str]:
    place = locate([lon], [lat], edition.valid_from or plan.set_up.date())
    return str(place.names[Level.COUNTY][0]), str(place.names[Level.TOWNSHIP][0])


def _arrivals(files: Sequence[DemoFile], clerk: User) -> Iterator[Event]:
    for file in files:
        yield Event(file.arrives, file.name, partial(_import, file, clerk))


def _import(file: DemoFile, clerk: User) -> None:
    path = Path(settings.JINSHAO_HOME) / "demo" / file.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.content)
    digest = hashlib.sha256(file.content).hexdigest()
    if ImportRun.objects.filter(sha256=digest, state=ImportRun.State.COMMITTED).exists():
        return
    name = ListName(issuer=file.issuer, period=file.period, list_no=file.list_no)
    import_file(ImportOrder(path=path, source_code=file.source, actor=clerk, name=name))


def _courses(plan: Plan, demo_world: World, cast: Mapping[str, User], counties: Mapping[str, str]) -> Iterator[Event]:
    for course in (*plan.stories, *plan.leads):
        at = plan.arrival(course)
        for step, verb in enumerate(course.verbs):
            at = _at_work(at + timedelta(hours=story.DELAY_H[verb]), verb)
            yield Event(
                at,
                f"{course.key} {verb}",
                partial(_step, course, demo_world.known_by[course.key], step, cast, counties),
            )
    for works in plan.works:
        at = arrived = plan.firms()[-2].arrives
        for verb in works.verbs:
            at = _at_work(at + timedelta(hours=story.DELAY_H[verb]), verb)
            hits = [sighting for sighting in demo_world.seen if sighting.fire == works.key and sighting.at < arrived]
            works_story = Story(works.key, story.PINGSHAN, 0, ("N20",), works.verbs, works.note)
            yield Event(at, f"{works.key} {verb}", partial(_close_all, works_story, hits, cast, counties))


def _at_work(at: datetime, verb: str) -> datetime:
    """`at`, or the next opening of the offices after it; a window that lapses waits for no office."""
    if verb == "lapse" or OPENS <= at.timetz().replace(tzinfo=None) < SHUTS:
        return at
    day = at.date() + timedelta(days=1) if at.hour >= SHUTS.hour else at.date()
    return datetime.combine(day, OPENS, at.tzinfo) + timedelta(minutes=at.minute)


def point_of(sighting: Seen) -> FirePoint:
    """The fire point that gathers this sighting now. Raises LookupError when there is none."""
    row = (
        Membership.objects.filter(
            is_active=True,
            detection__lon__range=(sighting.lon - NEAR_DEG, sighting.lon + NEAR_DEG),
            detection__lat__range=(sighting.lat - NEAR_DEG, sighting.lat + NEAR_DEG),
            detection__is_outside=False,
        )
        .select_related("point__verification")
        .first()
    )
    if row is None:
        raise LookupError(f"no fire point for {sighting}")
    return row.point


def _step(course: Story, sighting: Seen, step: int, cast: Mapping[str, User], counties: Mapping[str, str]) -> None:
    point = point_of(sighting)
    if point.steps.filter(action__in=set(ACTION_OF.values())).count() > step:
        return
    VERBS[course.verbs[step]](Scene(course, point, cast, counties, step))


def _close_all(course: Story, hits: Sequence[Seen], cast: Mapping[str, User], counties: Mapping[str, str]) -> None:
    """Close every suspicion that the hits of one works have made."""
    points = {point.pk: point for point in map(point_of, hits)}
    for point in points.values():
        if point.state == State.SUSPECTED:
            VERBS["close"](Scene(course, point, cast, counties, 0))
