"""Findings on the spot: what each kind must bring, who called stays hidden, and everybody sees what became of theirs."""

import json
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core.errors import BadInput, Conflict, Missing, NotAllowed, Refused
from firepoints.findings import hotline
from firepoints.findings.intake import finding_record
from firepoints.models import Detection, Evidence, FirePoint, HotlineInformant, HotlineReport, RawRow, Source
from firepoints.sightings.importing.order import ImportOrder
from firepoints.sightings.importing.row_sources import sources_of
from firepoints.sightings.importing.start import import_dry_run, import_file, import_start
from firepoints.sightings.readers.base import ParseOptions
from firepoints.sightings.readers.patrol import patrol_finding
from firepoints.terms.states import State
from journal.models import Access, Entry, Job
from tests.factories import points as make
from tests.factories.city import IN_EAST, IN_WEST, City

NAME, PHONE = "张三丰举报", "13912345678"


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def told(**given):
    at = {"lon": str(IN_WEST[0]), "lat": str(IN_WEST[1])}
    return {"uuid": str(uuid.uuid4()), "found_at": "2023-10-07T13:30:00+08:00", "kind": "fire", **at, **given}


def form(**given):
    return {**told(found_at="2023-10-07T13:30"), "source": "patrol", "datum": "wgs84", **given}


def body(answer) -> str:
    return answer.content.decode()


def reported(city: City, **given):
    _, point = finding_record(
        data=told(informant_name=NAME, informant_phone=PHONE, note="村东头有烟", **given),
        actor=city.clerk,
        source_code="hotline",
    )
    return HotlineReport.objects.latest("pk"), point


def test_a_report_gets_a_number_and_its_caller_is_in_no_other_row_page_file_or_entry(city: City, settings) -> None:
    report, point = reported(city)
    second, _ = reported(city, lon=str(IN_EAST[0]), lat=str(IN_EAST[1]))
    assert [int(one.number[-4:]) for one in (report, second)] == [1, 2]
    who = HotlineInformant.objects.get(report=report)
    assert (who.name, who.phone) == (NAME, PHONE)
    rows = [list(model.objects.values()) for model in (Detection, RawRow, Entry, Access, Job, HotlineReport, FirePoint)]
    stored = report.detection.run
    pages = [
        reverse("imports:hotline"),
        reverse("imports:finding_page", args=[stored.uuid]),
        reverse("firepoints:detail", args=[point.pk]),
        reverse("imports:run", args=[stored.uuid]),
        "/api/sightings/",
        f"/api/fire-points/{point.pk}/",
    ]
    clerk = client_of(city.clerk)
    seen = str(rows) + "".join(body(clerk.get(page)) for page in pages)
    seen += (settings.JINSHAO_HOME / stored.stored_as).read_text()
    assert report.number in seen
    assert NAME not in seen
    assert PHONE not in seen


def test_only_the_bureau_sees_who_called_with_a_reason_on_record(city: City) -> None:
    report, _ = reported(city)
    url = reverse("imports:informant", args=[report.detection.run.uuid])
    assert client_of(city.west).post(url, {"reason": "看看"}).status_code == 403
    clerk = client_of(city.clerk)
    assert PHONE not in body(clerk.post(url, {"reason": " "}))
    assert not Entry.objects.filter(act="hotline.revealed").exists()
    shown = clerk.post(url, {"reason": "回访核对地点"})
    assert PHONE in body(shown)
    assert "no-store" in shown["Cache-Control"]
    entry = Entry.objects.get(act="hotline.revealed")
    assert (entry.reason, entry.actor_id) == ("回访核对地点", city.clerk.pk)
    with pytest.raises(NotAllowed):
        hotline.hotline_reveal(report=report, reason="试", actor=city.recogniser)


def test_a_phone_in_the_note_is_refused_and_a_finder_of_a_report_is_its_caller(city: City) -> None:
    with pytest.raises(BadInput, match="不要写电话"):
        finding_record(data=told(note="联系139 1234 5678"), actor=city.clerk, source_code="hotline")
    finding_record(
        data=told(finder=NAME, 来电=PHONE[:7], 举报人住址="东街 3 号"),
        actor=city.clerk,
        source_code="hotline",
    )
    assert HotlineInformant.objects.get().name == NAME
    kept = RawRow.objects.get().raw
    assert [word for word in (NAME, PHONE[:7], "东街") if word in kept] == []
    with pytest.raises(BadInput, match="只有举报"):
        finding_record(data=told(informant_name=NAME), actor=city.clerk, source_code="patrol")


def test_the_same_report_again_is_the_same_number(city: City) -> None:
    given = told(informant_name=NAME)
    for _ in range(2):
        finding_record(data=given, actor=city.clerk, source_code="hotline")
    assert HotlineReport.objects.count() == 1


def test_a_report_ends_once_with_words_and_is_never_charged(city: City) -> None:
    report, point = reported(city)
    with pytest.raises(NotAllowed):
        hotline.hotline_answer(report=report, outcome="confirmed", note="属实", actor=city.west)
    with pytest.raises(Missing):
        hotline.hotline_answer(report=report, outcome="confirmed", note=" ", actor=city.clerk)
    answer = reverse("imports:report_end", args=[report.detection.run.uuid])
    assert client_of(city.clerk).post(answer, {"outcome": "confirmed", "note": "已扑灭，另报巡查"}).status_code == 302
    with pytest.raises(Conflict):
        hotline.hotline_answer(report=report, outcome="unfounded", note="又一次", actor=city.clerk)
    assert "已扑灭，另报巡查" in body(client_of(city.auditor).get(reverse("imports:hotline")))
    assert FirePoint.objects.get(pk=point.pk).state == State.SUSPECTED
    assert report.detection.source.source_class == Source.Class.LEAD


def test_reports_do_not_come_in_files(city: City, tmp_path) -> None:
    path = tmp_path / "hotline.csv"
    path.write_text(f"found_at,lon,lat,kind,finder\n2023-10-07 14:00,{IN_WEST[0]},{IN_WEST[1]},fire,{NAME}\n")
    for door in (import_file, import_start, import_dry_run):
        with pytest.raises(Refused, match="逐件登记"):
            door(ImportOrder(path, "hotline", city.system))


def test_a_scar_needs_the_proof_of_its_date_in_words_or_in_a_photo(city: City) -> None:
    clerk, url = client_of(city.clerk), reverse("imports:finding")
    refused = clerk.post(url, form(kind="scar"))
    assert (refused.status_code, Detection.objects.count()) == (400, 0)
    assert "凭什么认定焚烧日期" in body(refused)
    photo = SimpleUploadedFile("a.jpg", make.jpeg(), "image/jpeg")
    assert clerk.post(url, form(kind="scar", photo=photo)).status_code == 302
    assert Evidence.objects.get().point == FirePoint.objects.get()
    finding_record(data=told(kind="scar", date_proof="灰烬尚温", lon="123.85"), actor=city.clerk)
    assert Detection.objects.count() == 2


def test_a_person_says_to_which_fire_a_scar_belongs(city: City) -> None:
    fire = make.dispatched(city)
    beside = {"kind": "scar", "date_proof": "村民证实是那一场火", "lon": "123.765"}
    _, point = finding_record(data=told(**beside), actor=city.clerk, belongs_to=fire.number)
    assert point == fire
    assert fire.memberships.filter(is_active=True).count() == 2
    _, far = finding_record(data=told(**(beside | {"lat": "41.29"})), actor=city.clerk, belongs_to=fire.number)
    assert far not in (None, fire)
    assert "的黑斑" in make.asked(far), "beyond the reach of the rule another person decides"
    with pytest.raises(BadInput, match="只有黑斑"):
        finding_record(data=told(), actor=city.clerk, belongs_to=fire.number)


def test_a_scar_of_a_decided_fire_waits_for_the_recogniser_and_changes_nothing_of_the_decision(city: City) -> None:
    fire = make.recognised(city)
    given = told(kind="scar", date_proof="村民证实", lon="123.79")
    _, scar = finding_record(data=given, actor=city.clerk, belongs_to=fire.number)
    assert scar is not None
    assert f"是 {fire.number}（已认定）的黑斑" in make.asked(scar)
    assert FirePoint.objects.get(pk=fire.pk).version == fire.version
    assert fire.memberships.filter(is_active=True).count() == 1
    make.take(scar, "dispatch", city.clerk)
    make.take(scar, "report", city.west, conclusion="true", evidence=make.uuids(make.photo(scar, city.west)))
    with pytest.raises(Missing, match="核对"):
        make.take(scar, "recognise", city.recogniser, reason="有火痕")
    make.take(scar, "merge", city.recogniser, into=fire.pk, reason="同一块地")
    after = FirePoint.objects.get(pk=fire.pk)
    assert (after.state, after.recognition_id) == (fire.state, fire.recognition_id)
    assert after.memberships.filter(is_active=True).count() == 2
    _, again = finding_record(data=given, actor=city.clerk, belongs_to=fire.number)
    assert again == after


@pytest.mark.parametrize(("source_code", "stops"), [("patrol", True), ("self_found", False)])
def test_only_a_finding_that_can_be_charged_stops_money_by_saying_whose_scar_it_is(
    city: City, source_code: str, stops: bool
) -> None:
    fire = make.recognised(city)
    actor = city.clerk if stops else city.west
    given = told(kind="scar", date_proof="村民证实", lon="123.79")
    _, scar = finding_record(data=given, actor=actor, belongs_to=fire.number, source_code=source_code)
    assert [row.stops_money for row in scar.questions.all()] == [stops]


def test_what_was_answered_about_a_scar_is_not_asked_again_by_the_same_report(city: City) -> None:
    fire = make.recognised(city)
    given = told(kind="scar", date_proof="村民证实", lon="123.79")
    _, scar = finding_record(data=given, actor=city.clerk, belongs_to=fire.number)
    make.take(scar, "review", city.clerk, reason="隔着河，是另一处")
    _, again = finding_record(data=given, actor=city.clerk, belongs_to=fire.number)
    assert (again, make.asked(again)) == (scar, "")


def test_whoever_filed_sees_what_became_of_it_and_others_do_not(city: City) -> None:
    west = client_of(city.west)
    done, point = finding_record(data=told(), actor=city.west, source_code="self_found")
    page = reverse("imports:finding_page", args=[done.run.uuid])
    assert str(point) in body(west.get(reverse("imports:findings")))
    assert client_of(city.east).get(page).status_code == 404
    outside, _none = finding_record(
        data=told(lon=str(IN_EAST[0]), lat=str(IN_EAST[1])), actor=city.west, source_code="township_found"
    )
    other = body(west.get(reverse("imports:finding_page", args=[outside.run.uuid])))
    assert "已收" in other
    make.take(point, "close", city.clerk, reason="现场是炊烟")
    assert "现场是炊烟" in body(west.get(page))


def test_a_coordinate_system_is_called_by_its_name_at_the_finding_and_at_its_point(city: City) -> None:
    run, point = finding_record(data=told(), actor=city.west, source_code="self_found", datum="gcj02")
    west = client_of(city.west)
    pages = reverse("imports:finding_page", args=[run.run.uuid]), reverse("firepoints:detail", args=[point.pk])
    for page in map(body, map(west.get, pages)):
        assert "GCJ-02（高德、腾讯）" in page
        assert "GCJ02" not in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("file", "authority", "category", "wanted"),
    [
        ("patrol", "", "", "patrol"),
        ("patrol", "县", "", "self_found"),
        ("patrol", "乡镇", "", "township_found"),
        ("patrol", "村", "自查", "village_found"),
        ("patrol", "县级", "巡查", "county_patrol"),
        ("patrol", "省", "督查", "provincial_supervision"),
        ("patrol", "国家", "", "national_patrol"),
        ("patrol", "", "执法检查", "enforcement"),
        ("self_found", "市", "巡查", "self_found"),
        ("hotline", "省", "督查", "hotline"),
    ],
)
def test_a_row_has_the_source_that_it_says_and_never_a_better_one_than_its_file(file, authority, category, wanted):
    given = {"发现时间": "2023-10-07 14:00", "经度": "123.75", "纬度": "41.25", "类型": "明火"}
    row = patrol_finding({**given, "单位级别": authority, "类别": category}, options=ParseOptions())
    (found,) = sources_of(Source.objects.get(code=file), [row])
    assert Source.objects.get(pk=found).code == wanted


def test_an_unknown_category_is_said_where_it_stands():
    given = {"发现时间": "2023-10-07 14:00", "经度": "123.75", "纬度": "41.25", "类型": "明火", "类别": "举报"}
    refused = patrol_finding(given, options=ParseOptions())
    assert (refused.code, refused.column) == ("bad_category", "类别")


def test_the_api_takes_a_report_and_gives_its_number_and_nobody(city: City) -> None:
    clerk = client_of(city.clerk)
    sent = {
        **told(lon=IN_WEST[0], lat=IN_WEST[1]),
        "source": "hotline",
        "informant_name": NAME,
        "informant_phone": PHONE,
    }
    answer = clerk.post("/api/sightings/", json.dumps(sent), content_type="application/json")
    assert answer.status_code == 201
    assert answer.json()["receipt"]["report_no"] == HotlineReport.objects.get().number
    assert PHONE not in body(answer)
    again = clerk.post("/api/sightings/", json.dumps(sent), content_type="application/json")
    assert (again.status_code, HotlineReport.objects.count()) == (200, 1)


@pytest.mark.embedded
def test_a_latitude_parted_by_dots_is_asked_about_and_files_nothing(city: City) -> None:
    answer = client_of(city.inspector).post(reverse("imports:finding"), form(lat="41.3.9"))
    assert answer.status_code == 400
    assert not Detection.objects.exists()
    assert "41°3′9″" in str(answer.context["form"].errors["lat"])


def with_photo(**given):
    return form(photo=SimpleUploadedFile("现场.jpg", make.jpeg()), **given)


@pytest.mark.embedded
def test_the_photo_of_a_finding_lies_where_its_shutter_was_not_where_the_finding_is(city: City) -> None:
    held = {"photo_lon": "123.76", "photo_lat": "41.26", "photo_accuracy_m": "8.0", "photo_at": "2023-10-07T05:28:00Z"}
    client_of(city.inspector).post(reverse("imports:finding"), with_photo(accuracy_m="300", **held))
    piece, finding = Evidence.objects.get(), Detection.objects.get()
    assert (piece.lon, piece.lat, piece.accuracy_m) == (123.76, 41.26, 8)
    assert piece.device_at.isoformat() == "2023-10-07T05:28:00+00:00"
    assert (finding.lon, finding.lat, finding.accuracy_m) == (*IN_WEST, 300)


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"photo_reason": "定位超时"}, (None, None, "定位超时")),
        ({}, (*IN_WEST, "")),
        ({"lon": "123°45′", "lat": "41°15′"}, (123.75, 41.25, "")),
        ({"datum": "gcj02"}, (None, None, "位置按地图抄写")),
    ],
    ids=["no fix at the shutter", "no script", "degrees and minutes", "copied from a map"],
)
def test_a_photo_without_a_place_of_its_own_says_why_or_lies_where_the_finding_is(city: City, given, place) -> None:
    client_of(city.inspector).post(reverse("imports:finding"), with_photo(**given))
    piece = Evidence.objects.get()
    lon, lat, reason = place
    assert (piece.lon, piece.lat) == (lon and pytest.approx(lon), lat and pytest.approx(lat))
    assert piece.no_position_reason == reason


@pytest.mark.embedded
def test_a_script_is_told_where_to_go_on_and_the_page_there_says_what_was_done(city: City) -> None:
    client, finding = client_of(city.inspector), with_photo()
    answer = client.post(reverse("imports:finding"), finding, headers={"accept": "application/json"})
    point = FirePoint.objects.get()
    assert (answer.status_code, answer.json()) == (200, {"url": reverse("firepoints:detail", args=[point.pk])})
    assert "已上报" in body(client.get(answer.json()["url"]))


@pytest.mark.embedded
def test_a_script_is_told_every_error_by_its_field(city: City) -> None:
    answer = client_of(city.inspector).post(
        reverse("imports:finding"), form(kind="", lat=""), headers={"accept": "application/json"}
    )
    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {"kind", "lat"}
    assert answer.json()["fields"]["kind"] == ["请选择明火或黑斑"]


@pytest.mark.embedded
def test_a_finding_sent_again_after_its_answer_was_lost_is_one_finding_with_one_photo(city: City) -> None:
    client, finding, content = client_of(city.inspector), form(), make.jpeg()
    answers = [
        client.post(
            reverse("imports:finding"),
            {**finding, "photo": SimpleUploadedFile("现场.jpg", content)},
            headers={"accept": "application/json"},
        ).json()
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert Detection.objects.count() == Evidence.objects.count() == FirePoint.objects.count() == 1
