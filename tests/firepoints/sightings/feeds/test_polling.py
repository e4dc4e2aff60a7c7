"""FIRMS asked by schedule: what comes is imported once, what fails is said, waits, and stops no other product."""

import json
import logging
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import pytest
from django.core.management import call_command

from firepoints import tasks as feeds
from firepoints.feedback.fates import fates_of
from firepoints.models import Detection, Feed, FirePoint, ImportRun, RawRow, Recognition, Supersession
from firepoints.sightings.feeds import polling
from firepoints.sightings.feeds.fetching import FetchFailed, fetch
from firepoints.sightings.importing.start import import_run_now
from firepoints.sightings.readers import firms_area
from journal.models import Entry, Job
from tests.factories import points as make
from tests.factories.city import IN_WEST
from tests.firepoints.feed_server import AVAILABLE, HEAD, serving

SECRET = "0123456789abcdef0123456789abcdef"
NEAR, STANDARD = "VIIRS_NOAA20_NRT", "VIIRS_NOAA20_SP"
ROW = b"41.25000,123.75000,332.28,0.49,0.4,2023-10-07,0530,1,nominal,2.0NRT,299.49,2.41,D\n"
STANDARD_HEAD = HEAD.replace(b"daynight", b"daynight,type")
STANDARD_ROW = ROW.replace(b"2.0NRT", b"2").replace(b",D\n", b",D,0\n")


@pytest.fixture
def feed(settings, monkeypatch):
    with serving() as server:
        monkeypatch.setenv("FIRMS_MAP_KEY", SECRET)
        settings.FIRMS_BASE_URL = server.base
        settings.FIRMS_PRODUCTS = [NEAR]
        settings.FIRMS_TIMEOUT_S = 5.0
        yield server


def poll(**given):
    """One poll, and the imports that it leaves to the worker."""
    found = polling.firms_poll(is_forced=True, **given)
    for run in ImportRun.objects.filter(state=ImportRun.State.WAITING):
        import_run_now(run)
    return found


FAULTS = {
    "busy": "429",
    "broken": "500",
    "elsewhere": "不跟随",
    "cut": "连接中断",
    "cut_unseen": "最后一行缺列",
    "page": "网页",
    "bad_key": "不认这个密钥",
    "nothing": "空的",
}


def test_a_row_of_the_area_api_is_asked_for_with_the_box_and_the_first_day():
    url = firms_area.area_url("http://x/", "k", NEAR, (123.0, 40.5, 125.0, 42.0), date(2023, 10, 6), 2)
    assert url == "http://x/api/area/csv/k/VIIRS_NOAA20_NRT/123.0000,40.5000,125.0000,42.0000/2/2023-10-06"
    assert [days for _, days in firms_area.spans(date(2023, 10, 1), date(2023, 10, 12))] == [5, 5, 2]


def test_an_answer_that_trickles_is_given_up_after_the_whole_time():
    with serving() as server:
        server.answers["X"] = "trickle"
        with pytest.raises(FetchFailed, match="没有收完"):
            fetch(f"{server.base}/api/area/csv/k/X", secret="k", total_s=0.2, most_bytes=1000)
        server.answers["X"] = HEAD * 20
        with pytest.raises(FetchFailed, match="不收"):
            fetch(f"{server.base}/api/area/csv/k/X", secret="k", total_s=5, most_bytes=1000)
    with pytest.raises(FetchFailed) as gone:
        fetch(f"{server.base}/{SECRET}", secret=SECRET, total_s=1, most_bytes=1000)
    assert SECRET not in str(gone.value)
    with pytest.raises(FetchFailed, match="http"):
        fetch("file:///etc/passwd", secret="", total_s=1, most_bytes=1000)


def test_real_rows_are_imported_once_and_the_same_answer_again_is_not_even_noted(city, feed, data_dir: Path):
    with (data_dir / "firms_viirs_noaa20_liaoning_2023-10.csv").open("rb") as file:
        feed.answers[NEAR] = b"".join(islice(file, 301))
    (first,) = poll()["products"]
    run = ImportRun.objects.get(uuid=first["run"])
    assert (first["state"], first["rows"], run.rows, run.source.code) == ("ok", 300, 300, "firms")
    assert run.kept + run.outside == 300
    (again,) = poll()["products"]
    assert (again["state"], ImportRun.objects.count()) == ("same", 1)
    product, box, days = feed.asked[0].split("/")[5:8]
    west, south, east, north = (float(side) for side in box.split(","))
    assert (product, days) == (NEAR, "2")
    assert west < IN_WEST[0] < east
    assert south < IN_WEST[1] < north


@pytest.mark.parametrize(("fault", "said"), FAULTS.items())
def test_what_is_no_answer_is_said_waits_and_leaves_nothing_behind(city, feed, caplog, fault, said):
    caplog.set_level(logging.DEBUG)
    feed.answers[NEAR] = fault
    (found,) = poll()["products"]
    state = Feed.objects.get(name=NEAR)
    assert (found["state"], state.failures, ImportRun.objects.count()) == ("failed", 1, 0)
    assert said in found["said"]
    wait = state.not_before - state.tried_at
    assert wait == timedelta(seconds={"busy": 1800, "bad_key": 3600}.get(fault, 300))
    assert SECRET not in caplog.text + json.dumps(found)
    feeds.poll({})
    assert len(feed.asked) == 1, "the schedule waits"
    feed.answers[NEAR] = HEAD + ROW
    assert poll()["products"][0]["state"] == "ok"
    assert Feed.objects.get(name=NEAR).failures == 0


def test_one_product_that_fails_stops_no_other_and_waits_longer_each_time(city, feed, settings):
    settings.FIRMS_PRODUCTS = ["MODIS_NRT", NEAR]
    feed.answers = {"MODIS_NRT": "broken", NEAR: HEAD + ROW}
    assert [one["state"] for one in poll()["products"]] == ["failed", "ok"]
    waits = []
    for _ in range(10):
        poll()
        state = Feed.objects.get(name="MODIS_NRT")
        waits.append((state.not_before - state.tried_at).total_seconds())
    assert (waits[0], waits[1], waits[-1]) == (600, 1200, 21600)


def test_without_a_key_nothing_is_asked_and_it_says_so(city, feed, monkeypatch, capsys):
    monkeypatch.delenv("FIRMS_MAP_KEY")
    call_command("firms", "poll", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["polled"], feed.asked, Feed.objects.count()) == (False, [], 0)
    assert "FIRMS_MAP_KEY" in told["said"]
    feeds.poll({})


def test_a_dry_run_reads_and_writes_nothing_and_no_rows_are_no_failure(city, feed):
    feed.answers[NEAR] = HEAD + ROW
    (found,) = polling.firms_poll(dry_run=True)["products"]
    assert "入库 1" in found["said"]
    assert not ImportRun.objects.exists()
    assert not Feed.objects.exists()
    feed.answers[NEAR] = HEAD
    assert poll()["products"][0]["state"] == "none"


def test_the_key_is_in_no_row_and_no_entry(city, feed):
    feed.answers[NEAR] = HEAD + ROW
    poll()
    told = str([*ImportRun.objects.values(), *Feed.objects.values(), *Job.objects.values(), *Entry.objects.values()])
    assert "VIIRS_NOAA20_NRT_" in told
    assert SECRET not in told


def test_standard_rows_months_later_replace_without_touching_what_was_recognised(city, feed, settings):
    """A point of an official row and a near-real-time one is 认定; standard processing of the latter comes much later."""
    point = make.suspected()
    feed.answers[NEAR] = HEAD + ROW
    poll()
    near = Detection.objects.get(source__code="firms")
    assert near.memberships.get().point == point
    point = make.take(FirePoint.objects.get(pk=point.pk), "dispatch", city.clerk)
    assert point.number
    photo = make.uuids(make.photo(point, city.west))
    make.take(point, "report", city.west, conclusion="true", evidence=photo)
    make.take(point, "recognise", city.recogniser, reason="属实")
    before = (list(FirePoint.objects.values()), list(Recognition.objects.values()))
    settings.FIRMS_PRODUCTS = [STANDARD]
    feed.available = AVAILABLE + b"VIIRS_NOAA20_SP,2018-04-01,2023-10-07\n"
    feed.answers[STANDARD] = STANDARD_HEAD + STANDARD_ROW
    poll()
    newer = Supersession.objects.get(older=near).newer
    assert newer.version == "2"
    assert near.memberships.get().is_active, "what the decision was made on stays as it is"
    row = RawRow.objects.get(detection=newer, run=newer.run)
    (fate,) = fates_of(row.run, [row]).values()
    assert str(point.number) in "".join(one.text for one in fate), "and the new row says which point that is"
    assert before == (list(FirePoint.objects.values()), list(Recognition.objects.values()))
    assert before[1][0]["charged_detection_id"] != newer.pk


def test_standard_products_are_asked_only_for_what_is_new_and_a_late_old_row_does_not_come_back(city, feed, settings):
    settings.FIRMS_PRODUCTS = [STANDARD, "MODIS_SP"]
    feed.available = AVAILABLE + b"VIIRS_NOAA20_SP,2018-04-01,2023-10-07\n"
    feed.answers[STANDARD] = STANDARD_HEAD + STANDARD_ROW
    assert [one["state"] for one in poll()["products"]] == ["ok", "absent"]
    assert Feed.objects.get(name=STANDARD).up_to == date(2023, 10, 7)
    asked = len(feed.asked)
    assert poll()["products"][0]["state"] == "same"
    assert len(feed.asked) == asked + 1, "only whether there is anything new"
    settings.FIRMS_PRODUCTS = [NEAR]
    feed.answers[NEAR] = HEAD + ROW
    poll()
    assert ImportRun.objects.filter(superseded=1).count() == 1
    assert Detection.objects.count() == 1
