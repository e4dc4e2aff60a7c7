"""Who sees and does what: by the posts of today, on pages and in the API alike, whatever number is guessed."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core import clock
from core.errors import NotAllowed, Refused
from core.transitions import Transition
from firepoints.life.act import act
from firepoints.models import Evidence, FirePoint, Step
from firepoints.steps import selectors, workflow
from grids.models import Term
from grids.roles import Role
from grids.selectors import roles_of
from penalties.batches import steps as batches
from tests.factories import points as make
from tests.factories.city import EAST, IN_EAST, WEST, hold, person
from tests.safety.walk import body, people, signed_in

pytestmark = pytest.mark.django_db
TURNED_AWAY = (403, 404)
HUMAN = [one for one in workflow.TRANSITIONS if Role.SYSTEM not in one.roles]


def urls_of(point: FirePoint) -> dict[str, list[str]]:
    """Every address about one point: {"get": …, "post": …}."""
    pages = ("detail", "map_geojson", "report")
    acts = [reverse("firepoints:act", args=[point.pk, action]) for action in workflow.BY_ACTION]
    evidence = list(Evidence.objects.filter(point=point).values_list("uuid", flat=True))
    read = [reverse(f"firepoints:{name}", args=[point.pk]) for name in pages]
    read += [
        reverse(f"firepoints:{name}", args=[key]) for key in evidence for name in ("evidence", "evidence_original")
    ]
    read += [f"/api/fire-points/{name}/" for name in (point.pk, point.number) if name]
    send = [reverse(f"firepoints:{name}", args=[point.pk]) for name in ("phones", "evidence_upload", "report")]
    send += [f"/api/fire-points/{point.pk}/{name}/" for name in ("transitions", "evidence")]
    return {"get": read + acts, "post": send + acts}


def act_by_api(client: Client, point: FirePoint, action: str, **data: Any) -> Any:
    told = {"action": action, "version": point.version, "data": data}
    return client.post(f"/api/fire-points/{point.pk}/transitions/", json.dumps(told), content_type="application/json")


def test_a_county_neither_sees_nor_touches_what_is_anothers(scene):
    east = signed_in(scene.city.east)
    assert signed_in(scene.city.west).get(reverse("firepoints:detail", args=[scene.west.pk])).status_code == 200
    steps = Step.objects.count()
    for point in (scene.west, scene.waiting):
        for url in urls_of(point)["get"]:
            assert east.get(url).status_code in TURNED_AWAY, url
        for url in urls_of(point)["post"]:
            photo = SimpleUploadedFile("a.jpg", make.jpeg(), "image/jpeg")
            told = {"uuid": str(uuid.uuid4()), "no_position_reason": "试探", "file": photo}
            assert east.post(url, told).status_code in (*TURNED_AWAY, 405, 415), url
        assert act_by_api(east, point, "dispute", reason="试探").status_code == 404
    assert Step.objects.count() == steps
    assert not Evidence.objects.filter(uploader=scene.city.east, point__in=[scene.west, scene.waiting]).exists()


def test_a_countys_lists_maps_and_downloads_hold_only_its_own(scene):
    east = signed_in(scene.city.east)
    theirs = {scene.west.number, scene.waiting.number}
    for url in ("/", "/fire-points/", "/fire-points/?state=all", f"/fire-points/?q={scene.west.number}&state=all",
                "/fire-points/points.geojson?state=all", "/api/fire-points/", "/api/fire-points/?format=geojson",
                f"/api/fire-points/?county={WEST}", f"/penalties/{scene.batch.pk}/"):  # fmt: skip
        text = body(east.get(url)).replace(f'value="{scene.west.number}"', "")  # its own question in the search field
        assert not [number for number in theirs if number in text], url
    numbers = {one["number"] for one in east.get("/api/fire-points/").json()["results"]}
    assert scene.east.number in numbers
    sightings = {one["point"] for one in east.get("/api/sightings/").json()["results"]}
    assert sightings & {scene.west.pk, scene.waiting.pk} == set()
    for url in ("/imports/", "/imports/new/", f"/imports/{scene.run.uuid}/", f"/api/imports/{scene.run.uuid}/",
                f"/api/imports/{scene.run.uuid}/rows/", "/journal/", "/api/journal/entries/"):  # fmt: skip
        assert east.get(url).status_code in TURNED_AWAY, url
    assert east.get("/api/imports/").json()["results"] == []


def test_a_county_sees_its_own_line_of_a_batch_and_no_paper(scene):
    east = signed_in(scene.city.east)
    told = east.get(f"/api/batches/{scene.batch.pk}/").json()
    assert [line["payer_code"] for line in told["lines"]] == [EAST]
    assert (told["points"], told["amount_fen"], told["steps"]) == (1, 3_000_000, [])
    assert "甲县" not in body(east.get(f"/penalties/{scene.batch.pk}/"))
    for document in scene.batch.documents.all():
        assert east.get(reverse("penalties:document", args=[scene.batch.pk, document.pk])).status_code == 404
    assert east.get(reverse("penalties:draft", args=[scene.batch.pk, "workbook"])).status_code == 404
    open_batch = batches.batch_build(month="2023-11", actor=scene.city.clerk)
    assert east.get(f"/api/batches/{open_batch.pk}/").status_code == 404
    assert east.get(f"/penalties/{open_batch.pk}/").status_code == 404


def test_a_county_that_was_only_a_candidate_keeps_what_it_filed_and_no_more(scene):
    """The joint record found the western county: the eastern one was concerned, and is told of nothing since."""
    make.take(scene.cross, "recognise", scene.city.recogniser, reason="内部理由")
    east = signed_in(scene.city.east)
    told = east.get(f"/api/fire-points/{scene.cross.pk}/").json()
    assert (told["steps"], told["recognition"], told["verification"], told["attribution"], told["evidence"]) == (
        [], None, None, None, [],
    )  # fmt: skip
    page = body(east.get(reverse("firepoints:detail", args=[scene.cross.pk])))
    assert "内部理由" not in page
    west = signed_in(scene.city.west).get(f"/api/fire-points/{scene.cross.pk}/").json()
    assert (len(west["steps"]), west["recognition"]["reason"]) == (3, "内部理由")


@pytest.mark.parametrize(("kind", "cell"), [("member", f"{EAST}001001"), ("inspector", EAST), ("bureau", EAST)])
def test_a_second_post_in_the_county_gives_nothing_back_of_a_point_that_it_lost(scene, kind, cell):
    hold(scene.city.east, kind, cell)
    client = signed_in(scene.city.east)
    answer = client.get(f"/api/fire-points/{scene.cross.pk}/").json()
    assert (answer["steps"], answer["evidence"], answer["verification"], answer["attribution"]) == ([], [], None, None)
    page = reverse("firepoints:detail", args=[scene.cross.pk])
    assert "联合核实记录" not in body(client.get(page))
    for key in Evidence.objects.filter(point=scene.cross).values_list("uuid", flat=True):
        for name in ("evidence", "evidence_original"):
            assert client.get(reverse(f"firepoints:{name}", args=[key])).status_code == 404, name
    assert client.post(reverse("firepoints:phones", args=[scene.cross.pk])).status_code == 403


def test_every_act_is_refused_to_every_role_that_the_table_does_not_name(scene):
    point = scene.waiting
    steps = Step.objects.count()
    for name, user in people(scene).items():
        client, held = signed_in(user), roles_of(user)
        for transition in workflow.TRANSITIONS:
            if held & transition.roles:
                continue
            answer = act_by_api(client, point, transition.action, **dict.fromkeys(needed(transition), "x"))
            assert answer.status_code in (*TURNED_AWAY, 400), (name, transition.action, answer.json())
            page = reverse("firepoints:act", args=[point.pk, transition.action])
            assert client.post(page, {"reason": "x", "expected_version": point.version}).status_code != 302, page
    point.refresh_from_db()
    assert (Step.objects.count(), point.state) == (steps, "verified")


def needed(transition: Transition[workflow.Facts]) -> list[str]:
    return [name for name, required in transition.fields.items() if required and name not in transition.lists]


def test_no_batch_step_is_open_to_inspector_auditor_county_or_nobody(scene):
    batch = batches.batch_build(month="2023-11", actor=scene.city.clerk)
    for name, user in people(scene).items():
        if name in ("bureau",):
            continue
        client = signed_in(user)
        for step in batches.BY_STEP:
            told = {"step": step, "version": batch.version, "doc_no": "试探", "date": "2099-01-01"}
            answer = client.post(f"/api/batches/{batch.pk}/steps/", json.dumps(told), content_type="application/json")
            assert answer.status_code in (*TURNED_AWAY, 409), (name, step)
            page = reverse("penalties:step", args=[batch.pk, step])
            client.post(page, {"version": batch.version})
        assert client.post("/api/batches/", {"month": "2023-10"}, "application/json").status_code == 403, name
        assert client.post(reverse("penalties:build"), {"month": "2023-10"}).status_code == 403, name
    batch.refresh_from_db()
    assert batch.state == "open"


def test_an_inspector_of_a_village_sees_its_fires_and_no_others(scene):
    village = person("patroller", "inspector", f"{WEST}001001")
    client = signed_in(village)
    seen = {one["id"] for one in client.get("/api/fire-points/").json()["results"]}
    assert seen == set(FirePoint.objects.filter(village_code=f"{WEST}001001").values_list("pk", flat=True)) != set()
    assert client.get(f"/api/fire-points/{scene.east.pk}/").status_code == 404
    assert client.get("/penalties/").status_code == 200
    assert scene.batch.month.split("-")[0] not in body(client.get("/api/batches/"))


def test_finance_sees_what_is_decided_and_counted_and_decides_nothing(scene):
    client = signed_in(scene.city.finance)
    seen = {one["id"] for one in client.get("/api/fire-points/").json()["results"]}
    assert seen == {scene.west.pk, scene.east.pk}
    for point in (scene.waiting, scene.suspected):
        assert client.get(f"/api/fire-points/{point.pk}/").status_code == 404
    assert client.get("/journal/").status_code == 403
    assert client.get("/imports/").status_code == 403


def test_an_auditor_reads_everything_and_changes_nothing(scene):
    client = signed_in(scene.city.auditor)
    for url in ("/journal/", "/imports/", "/penalties/", f"/api/fire-points/{scene.suspected.pk}/"):
        assert client.get(url).status_code == 200, url
    assert client.get("/api/fire-points/").json()["results"][0]["id"] == FirePoint.objects.order_by("-pk")[0].pk
    for url in ("/imports/new/", "/findings/new/", "/recognition/"):
        assert client.get(url).status_code == 403, url
    for point in FirePoint.objects.all():
        assert selectors.actions_for(point, scene.city.auditor) == []
    photo = {"uuid": str(uuid.uuid4()), "file": "x"}
    assert client.post(f"/api/fire-points/{scene.waiting.pk}/evidence/", photo).status_code in (400, 403)
    with pytest.raises(NotAllowed):
        make.photo(scene.waiting, scene.city.auditor)


@pytest.mark.parametrize("transition", HUMAN, ids=lambda one: one.action)
def test_the_system_account_makes_no_human_decision(city, transition):
    point, other = make.suspected(), make.suspected()
    data: dict[str, Any] = {name: ["x"] if name in transition.lists else "x" for name in transition.fields}
    data |= {"into": str(other.pk)} if "into" in data else {}
    with pytest.raises(NotAllowed):
        act(point_id=point.pk, action=transition.action, actor=city.system, data=data)
    point.refresh_from_db()
    assert point.state == "suspected"


def test_the_system_account_takes_no_step_of_a_batch_and_signs_in_nowhere(city):
    batch = batches.batch_build(month="2023-10", actor=city.system)
    with pytest.raises(NotAllowed):
        batches.batch_freeze(batch_id=batch.pk, actor=city.system)
    assert not city.system.has_usable_password()
    assert not Client().login(username="system", password="!")
    assert not Client().login(username="system", password="")


def test_a_person_whose_term_ended_yesterday_has_nothing_today(scene):
    """`ends` is the first day no longer in office."""
    today = clock.today_beijing()
    for user in (scene.city.clerk, scene.city.recogniser, scene.city.west, scene.city.finance, scene.city.auditor):
        Term.objects.filter(holder=user).update(ends=today)
        client = signed_in(user)
        assert roles_of(user) == frozenset()
        assert client.get("/api/me/").json()["roles"] == []
        for url in ("/api/fire-points/", "/api/sightings/", "/api/imports/", "/api/batches/"):
            assert client.get(url).json()["results"] == [], (user, url)
        for url in (*urls_of(scene.west)["get"], f"/penalties/{scene.batch.pk}/", "/journal/", "/imports/", "/recognition/",
                    "/grid/", "/findings/new/"):  # fmt: skip
            assert client.get(url).status_code in TURNED_AWAY, (user, url)
        assert scene.west.number not in body(client.get("/fire-points/?state=all"))
        for action in workflow.BY_ACTION:
            with pytest.raises(Refused):
                act(point_id=scene.waiting.pk, action=action, actor=user, data={})
        Term.objects.filter(holder=user).update(ends=today + timedelta(days=1))
        assert roles_of(user), "on the last day the post is still held"


def test_an_account_that_is_switched_off_is_out_at_once(scene):
    client = signed_in(scene.city.clerk)
    assert client.get("/fire-points/").status_code == 200
    type(scene.city.clerk).objects.filter(pk=scene.city.clerk.pk).update(is_active=False)
    assert client.get("/fire-points/").status_code == 302
    assert client.get("/api/fire-points/").status_code in (401, 403)


def test_a_point_that_is_not_there_and_one_that_is_not_ours_are_answered_alike(scene):
    east = signed_in(scene.city.east)
    hidden = east.get(f"/api/fire-points/{scene.west.pk}/")
    absent = east.get("/api/fire-points/999999/")
    assert (
        (hidden.status_code, hidden.json()["code"]) == (absent.status_code, absent.json()["code"]) == (404, "not_found")
    )
    make.suspected(at=IN_EAST)
