"""Kill −9 at every fault point of an import; then go on: the database holds what an undisturbed import leaves there."""

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from core import clock, faults
from firepoints.forming import after_import
from firepoints.models import Detection, DetectionKey, FirePoint, ImportRun, Membership, RawChunk, RawRow
from firepoints.sightings.importing import preparing, releasing, start, storing, working
from firepoints.sightings.importing.order import ImportOrder
from firepoints.sightings.importing.start import import_run_now, import_start
from firepoints.sightings.importing.withdrawing import import_withdraw
from firepoints.sightings.packed import rows_of
from journal.jobs import jobs
from journal.models import Entry, Job
from journal.record import sealing
from journal.record.verify import verify
from tests.factories.city import IN_EAST, IN_WEST, City
from tests.faults.dying import dies_at
from tests.safety.conftest import HEADER

pytestmark = [pytest.mark.embedded, pytest.mark.django_db(transaction=True)]
MOST_DEATHS = 60


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dozen rows are a large file: packed, in three chunks, their points in pieces of two."""
    for module in (storing, working):
        monkeypatch.setattr(module, "CHUNK", 4)
    monkeypatch.setattr(preparing, "ROWS_ONE_BY_ONE", 5)
    monkeypatch.setattr(after_import, "FIRST", 2)
    monkeypatch.setattr(after_import, "next_size", lambda size, took_s: 2)
    monkeypatch.setattr(releasing, "PART", 2)


def rows(day: int) -> list[str]:
    """Eleven rows and a bad one: five fires in two counties, one seen twice, a repeated row, two far away."""
    places = [(IN_WEST[0] + i / 50, IN_WEST[1] + i / 100) for i in range(3)] + [
        IN_EAST,
        (IN_EAST[0] + 0.03, IN_EAST[1]),
    ]
    places += [places[0], (118.0, 30.0), (118.2, 30.1), places[1]]
    minutes = ["0500", "0501", "0502", "0503", "0504", "0610", "0506", "0507", "0501"]
    made = [
        f"{lat},{lon},330,0.4,0.4,2023-10-{day:02d},{at},N20,VIIRS,n,2.0NRT,290,4,D"
        for (lon, lat), at in zip(places, minutes, strict=True)
    ]
    return [
        *made,
        *made[2:4],
        f"{IN_WEST[1]},{IN_WEST[0]},330,0.4,0.4,2023-13-{day:02d},0500,N20,VIIRS,n,2.0NRT,290,4,D",
    ]


@pytest.fixture
def waiting(city: City, tmp_path: Path) -> Callable[[int], ImportRun]:
    """A run that waits for its file of some day to be loaded."""

    def made(day: int) -> ImportRun:
        path = tmp_path / f"{day}.csv"
        path.write_text("\n".join([HEADER, *rows(day)]) + "\n")
        # In the foreground, so that no eager worker takes it at once.
        return import_start(ImportOrder(path, "firms", city.clerk), in_foreground=True)

    return made


def go_on(run: ImportRun) -> Callable[[], Any]:
    """What the next worker does, the lease of the dead one being over."""

    def act() -> None:
        ImportRun.objects.filter(turn=1).update(lease_until=clock.real_now() - timedelta(seconds=1))
        import_run_now(ImportRun.objects.get(pk=run.pk))

    return act


def left_by(run: ImportRun) -> dict[str, Any]:
    """All that a run leaves, told without ids and without its day."""
    run.refresh_from_db()
    members = Membership.objects.filter(detection__run=run, is_active=True)
    sites: dict[int, list[int]] = {}
    for point, row in members.values_list("point_id", "detection__row_no"):
        sites.setdefault(point, []).append(row)
    return {
        "state": (run.state, run.phase, run.turn),
        "counts": [getattr(run, name) for name in ("rows", "kept", "identical", "quarantined", "outside", "points")],
        "counties": run.counties,
        "detections": sorted(Detection.objects.filter(run=run).values_list("row_no", "county_code", "leaf_code")),
        "keys": DetectionKey.objects.filter(detection__run=run).count(),
        "rows": [(row.row_no, str(row.outcome), row.detection_id is not None) for row in rows_of(run)],
        "chunks": list(RawChunk.objects.filter(run=run).order_by("seq").values_list("seq", "rows", "counts")),
        "single": RawRow.objects.filter(run=run).count(),
        "sites": sorted(sorted(members) for members in sites.values()),
        "points": FirePoint.objects.filter(memberships__detection__run=run).distinct().count(),
        "committed": Entry.objects.filter(act="import.committed", subject_id=str(run.pk)).count(),
    }


def test_an_import_that_dies_at_every_point_leaves_what_an_undisturbed_one_leaves(waiting):
    calm = waiting(3)
    import_run_now(calm)
    expected = left_by(calm)
    assert expected["state"] == ("committed", "", None)
    assert len(expected["chunks"]) == 3
    assert len(expected["sites"]) == 5
    struck = waiting(20)
    seen = []
    for nth in range(1, MOST_DEATHS):
        name = dies_at(go_on(struck), nth % 5 + 1)
        if name is None:
            break
        seen.append(name)
        struck.refresh_from_db()
        if struck.state != ImportRun.State.COMMITTED:
            assert not FirePoint.objects.filter(burn_date__day=20).exists(), "nobody sees anything of it yet"
    go_on(struck)()
    assert left_by(struck) == expected
    assert set(seen) >= {"import.begun", "import.read", "import.chunk.inserted", "import.chunk.stored"}
    sealing.seal_all()
    report = verify()
    assert report.ok, report.problems


@pytest.mark.parametrize(
    "name", sorted(set(faults.registered("import.")) - {"import.release.done", "import.failed.recorded"})
)
def test_a_death_at_this_point_costs_nothing(waiting, name):
    """One death exactly there; the job that was written with the run finishes it."""
    run = waiting(20)
    assert name in deaths_until(lambda: import_run_now(ImportRun.objects.get(pk=run.pk)), name)
    ImportRun.objects.filter(turn=1).update(lease_until=clock.real_now() - timedelta(seconds=1))
    Job.objects.update(run_after=clock.real_now())
    assert jobs.run_due() >= 1
    done = left_by(run)
    assert done["state"] == ("committed", "", None)
    assert done["counts"][:5] == [12, 6, 3, 1, 2]
    assert (done["points"], done["committed"]) == (5, 1)


def deaths_until(act: Callable[[], Any], wanted: str) -> list[str]:
    """Arm the point as a service would be, and let a forked process die there."""
    os.environ[faults.ENVIRONMENT] = wanted
    try:
        return [wanted] if _killed(act) else []
    finally:
        os.environ.pop(faults.ENVIRONMENT)


def _killed(act: Callable[[], Any]) -> bool:
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            act()
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def test_a_withdrawal_that_dies_half_way_is_finished_by_the_sweep(city, waiting, monkeypatch):
    monkeypatch.setattr("firepoints.sightings.importing.withdrawing.SMALL", 1)
    run = waiting(3)
    import_run_now(run)
    act = lambda: import_withdraw(run=str(run.uuid), actor=city.clerk, reason="坐标系报错")  # noqa: E731
    assert deaths_until(act, "import.release.done")
    run.refresh_from_db()
    assert (run.state, run.phase) == ("withdrawn", "releasing")
    assert 0 < DetectionKey.objects.filter(detection__run=run).count() < 6
    ImportRun.objects.filter(turn=1).update(lease_until=clock.real_now() - timedelta(seconds=1))
    assert start.take_up(ImportRun.objects.get(pk=run.pk))
    run.refresh_from_db()
    assert (run.phase, run.turn) == ("", None)
    assert not DetectionKey.objects.exists()
    assert set(FirePoint.objects.values_list("state", flat=True)) == {"closed"}
    assert Entry.objects.filter(act="import.withdrawn").count() == 1


def test_negative_control_without_the_cursor_a_chunk_would_come_twice(waiting, monkeypatch):
    """If a death could fall between a chunk and its count, the chunk would be stored again: the key stops it."""
    run = waiting(3)
    assert deaths_until(lambda: import_run_now(ImportRun.objects.get(pk=run.pk)), "import.chunk.stored")
    ImportRun.objects.filter(pk=run.pk).update(chunks=0, lease_until=clock.real_now() - timedelta(seconds=1))
    with pytest.raises(Exception, match=r"(?i)unique"):
        import_run_now(run)
    assert connection.in_atomic_block is False
