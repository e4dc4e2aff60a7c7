"""Acts, evidence and the desk of 认定 through the pages: refusals in words, nothing done twice."""

import io
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from core import clock
from firepoints.models import Evidence, FirePoint, Recognition, Step
from firepoints.steps.workflow import TRANSITIONS
from firepoints.terms.states import State
from grids.models import User
from grids.roles import Role
from journal.models import Access
from tests.factories import points as make
from tests.factories.city import EAST, ON_THE_BORDER, WEST, City

PERSON = {Role.BUREAU: "clerk", Role.RECOGNISER: "recogniser", Role.COUNTY: "west"}


TRUE = {"conclusion": "true", "sites": "1", "is_new": "true"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def act_url(point: FirePoint, action: str) -> str:
    return reverse("firepoints:act", args=[point.pk, action])


def press(client: Client, point: FirePoint, action: str, **data):
    return client.post(act_url(point, action), {"expected_version": point.version, **data})


def text_of(answer) -> str:
    return answer.content.decode()


def upload(client: Client, point: FirePoint, content: bytes | None = None, *, json: bool = False, **data):
    file = SimpleUploadedFile("现场.jpg", make.jpeg() if content is None else content)
    headers = {"accept": "application/json"} if json else {}
    where = {"lon": point.lon, "lat": point.lat} if "no_position_reason" not in data else {}
    return client.post(
        reverse("firepoints:evidence_upload", args=[point.pk]), {"file": file, **where, **data}, headers=headers
    )


@pytest.mark.embedded
def test_a_point_walks_from_suspicion_to_final_on_the_pages_alone(city: City) -> None:
    point = make.suspected()
    clerk, west, recogniser = signed_in(city.clerk), signed_in(city.west), signed_in(city.recogniser)

    def now() -> FirePoint:
        return FirePoint.objects.get(pk=point.pk)

    assert press(clerk, now(), "dispatch").status_code == 302
    assert upload(west, now()).status_code == 302
    pieces = [str(one.uuid) for one in Evidence.objects.all()]
    assert press(west, now(), "report", **TRUE, evidence=pieces, note="稻田").status_code == 302
    desk = recogniser.post(
        reverse("firepoints:review"),
        {"point": point.pk, "decision": "recognise", "reason": "属实", "expected_version": now().version},
    )
    assert desk.status_code == 302
    assert press(clerk, now(), "notify").status_code == 302
    assert press(west, now(), "waive", document_no="演示函〔2023〕2号").status_code == 302
    assert now().state == State.FINAL
    assert list(point.steps.order_by("seq").values_list("action", flat=True)) == [
        "dispatch", "report", "recognise", "notify", "waive",
    ]  # fmt: skip


@pytest.mark.parametrize("action", [one.action for one in TRANSITIONS])
def test_every_act_has_a_page_that_opens(city: City, action: str) -> None:
    transition = next(one for one in TRANSITIONS if one.action == action)
    who = next((PERSON[role] for role in PERSON if role in transition.roles), "clerk")
    point = make.joint(city, at=ON_THE_BORDER) if action == "settle_jointly" else make.dispatched(city)
    page = signed_in(getattr(city, who)).get(act_url(point, action))
    assert page.status_code == 200
    assert transition.label in text_of(page)


def test_an_unknown_act_is_no_page(city: City) -> None:
    client = signed_in(city.clerk)
    point = make.dispatched(city)
    assert client.get(act_url(point, "burn")).status_code == 404
    assert client.post(act_url(point, "burn")).status_code == 404


def test_a_get_never_acts(city: City) -> None:
    point = make.suspected()
    signed_in(city.clerk).get(act_url(point, "dispatch"), {"expected_version": point.version})
    assert not Step.objects.exists()


@pytest.mark.embedded
def test_the_same_button_pressed_twice_is_done_once_and_says_done(city: City) -> None:
    point, client = make.suspected(), signed_in(city.clerk)
    first, second = press(client, point, "dispatch"), press(client, point, "dispatch")
    assert (first.status_code, second.status_code) == (302, 302)
    assert Step.objects.count() == 1
    assert text_of(client.get(second["Location"])).count("已派发") >= 2


def test_who_comes_second_is_told_and_nothing_is_overwritten(city: City) -> None:
    point = make.verified(city)
    make.take(point, "return", city.clerk, reason="补证")
    answer = press(signed_in(city.recogniser), point, "recognise", reason="属实")
    assert answer.status_code == 409
    assert "已有他人先行办理" in text_of(answer)
    assert "属实" in text_of(answer)
    assert not Recognition.objects.exists()


def test_a_reason_that_is_missing_is_asked_for_where_it_belongs(city: City) -> None:
    point = make.verified(city)
    answer = press(signed_in(city.recogniser), point, "exclude", reason="  ")
    assert answer.status_code == 400
    assert 'id="id_reason_error"' in text_of(answer)


def test_the_wrong_post_is_refused_in_words(city: City) -> None:
    point = make.verified(city)
    answer = press(signed_in(city.west), point, "recognise", reason="x")
    assert answer.status_code == 403
    assert "不由您的岗位办理" in text_of(answer)


def test_no_conclusion_is_picked_for_anybody(city: City) -> None:
    point = make.dispatched(city)
    make.photo(point, city.west)
    page = text_of(signed_in(city.west).get(act_url(point, "report")))
    assert page.count('type="radio"') == 4  # 属实 or not, newly burnt or not
    assert "checked" not in page.split('name="evidence"')[0]


def test_a_negative_report_says_everything_that_it_still_needs(city: City) -> None:
    point = make.dispatched(city)
    piece = make.photo(point, city.west)
    answer = press(signed_in(city.west), point, "report", conclusion="false", cause="grass", evidence=[str(piece.uuid)])
    assert answer.status_code == 400
    for word in ("至少 3 张", "搜索轨迹", "部门负责人签字"):
        assert word in text_of(answer)


@pytest.mark.embedded
def test_the_joint_record_lists_every_party_and_finds_one_county(city: City) -> None:
    point = make.joint(city, at=ON_THE_BORDER)
    paper = make.scan(point, city.clerk)
    client = signed_in(city.clerk)
    page = text_of(client.get(act_url(point, "settle_jointly")))
    for name in ("市生态环境局", "甲县", "乙县"):
        assert f'data-label="单位">{name}<' in page
    told = {
        "conclusion": "true", "county_code": EAST, "evidence": [str(paper.uuid)],
        "party_bureau_outcome": "present", "party_bureau_signer": "演示执法员",
        f"party_{WEST}_outcome": "absent",
        f"party_{EAST}_outcome": "present", f"party_{EAST}_signer": "演示签字人",
    }  # fmt: skip
    refused = press(client, point, "settle_jointly", **told)
    assert refused.status_code == 400
    assert "缺席要先送达 2 次通知" in text_of(refused)
    for at, notice in enumerate(make.served(point, city.clerk), start=1):
        keys = {"on": notice["served_on"], "to": notice["addressee"], "scan": notice["scan"]}
        told |= {f"party_{WEST}_notice_{at}_{part}": value for part, value in keys.items()}
    assert press(client, point, "settle_jointly", **told).status_code == 302
    point.refresh_from_db()
    assert (point.state, point.county_code) == (State.VERIFIED, EAST)
    page = text_of(client.get(reverse("firepoints:detail", args=[point.pk])))
    assert "甲县：缺席（2023-10-08 送达演示收件人，2023-10-09 送达演示收件人）" in page


@pytest.mark.embedded
def test_a_photo_from_the_page_gives_a_receipt_and_sending_again_the_same_one(city: City) -> None:
    point, client, content = make.dispatched(city), signed_in(city.west), make.jpeg()
    key = str(uuid.uuid4())
    first = upload(client, point, content, json=True, uuid=key, accuracy_m="8", caption="近景")
    again = upload(client, point, content, json=True, uuid=key, accuracy_m="8", caption="近景")
    assert first.status_code == 201
    assert first.json()["uuid"] == key
    assert first.json()["receipt"] == Evidence.objects.get().sha256[:12]
    assert again.json()["sha256"] == first.json()["sha256"]


def test_a_plain_form_posted_twice_stores_once(city: City) -> None:
    point, client, content = make.dispatched(city), signed_in(city.west), make.jpeg()
    upload(client, point, content), upload(client, point, content)
    assert Evidence.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "given", "status", "said"),
    [
        (b"not a photo", {}, 400, "不是能打开的照片"),
        (None, {"lon": "", "lat": ""}, 400, "定位"),
        (None, {"lon": "abc"}, 400, "应为数字"),
        (None, {"uuid": "x"}, 400, "不是 UUID"),
    ],
)
def test_a_file_that_is_refused_says_why_to_script_and_person(city: City, content, given, status, said) -> None:
    point, client = make.dispatched(city), signed_in(city.west)
    answer = upload(client, point, content, json=True, **given)
    assert answer.status_code == status
    assert said in answer.json()["message"]
    plain = upload(client, point, content, **given)
    assert said in text_of(client.get(plain["Location"]))
    assert not Evidence.objects.exists()


def test_nothing_chosen_is_said(city: City) -> None:
    point, client = make.dispatched(city), signed_in(city.west)
    answer = client.post(
        reverse("firepoints:evidence_upload", args=[point.pk]), {}, headers={"accept": "application/json"}
    )
    assert (answer.status_code, answer.json()["error"]) == (409, "missing")


def test_the_copy_on_the_page_has_no_exif_and_the_original_is_for_the_bureau(city: City) -> None:
    point = make.dispatched(city)
    content = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "演示相机"
    Image.new("RGB", (1600, 1200), (90, 120, 60)).save(content, "JPEG", exif=exif)
    piece = make.photo(point, city.west, file=content.getvalue())
    url = reverse("firepoints:evidence", args=[piece.uuid])
    for query, longest in (("?size=thumb", 480), ("", 1600)):
        answer = signed_in(city.west).get(url + query)
        body = b"".join(answer.streaming_content)
        with Image.open(io.BytesIO(body)) as image:
            assert max(image.size) == longest
            assert not image.getexif()
        assert "sandbox" in answer["Content-Security-Policy"]
        assert answer["X-Content-Type-Options"] == "nosniff"
    original = reverse("firepoints:evidence_original", args=[piece.uuid])
    assert signed_in(city.west).get(original).status_code == 403
    kept = signed_in(city.auditor).get(original)
    assert b"".join(kept.streaming_content) == content.getvalue()
    assert kept["Content-Disposition"].startswith("attachment")
    assert list(Access.objects.order_by("pk").values_list("kind", flat=True)) == ["evidence", "evidence_original"]


def test_evidence_outside_the_scope_is_not_there(city: City) -> None:
    piece = make.photo(make.dispatched(city), city.west)
    for name in ("evidence", "evidence_original"):
        assert signed_in(city.east).get(reverse(f"firepoints:{name}", args=[piece.uuid])).status_code == 404


def test_a_scan_is_a_download_never_a_page(city: City) -> None:
    piece = make.scan(make.dispatched(city), city.clerk)
    answer = signed_in(city.clerk).get(reverse("firepoints:evidence", args=[piece.uuid]))
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")


def test_one_photo_under_two_fires_is_pointed_out(city: City) -> None:
    first, second, content = make.dispatched(city), make.dispatched(city), make.jpeg()
    make.photo(first, city.west, file=content), make.photo(second, city.west, file=content)
    page = text_of(signed_in(city.clerk).get(reverse("firepoints:detail", args=[second.pk])))
    assert f"与 {first.number} 的照片相同" in page


def test_an_inspector_brings_photos_but_no_conclusion(city: City) -> None:
    point, client = make.dispatched(city), signed_in(city.inspector)
    page = text_of(client.get(reverse("firepoints:report", args=[point.pk])))
    assert "data-report" in page
    assert "结论由属地县（区）指定部门提交" in page
    assert 'type="radio"' not in page
    assert upload(client, point).status_code == 302
    assert Evidence.objects.get().uploader == city.inspector


def test_the_desk_is_the_recognisers_alone(city: City) -> None:
    make.verified(city)
    for who in ("clerk", "west", "inspector", "finance", "auditor"):
        client = signed_in(getattr(city, who))
        assert client.get(reverse("firepoints:review")).status_code == 403
        assert client.post(reverse("firepoints:review"), {"decision": "recognise"}).status_code == 403


@pytest.mark.embedded
def test_the_desk_shows_the_longest_waiting_first_and_decides_nothing_by_itself(city: City) -> None:
    first, second = make.negative(city), make.verified(city)
    client = signed_in(city.recogniser)
    page = client.get(reverse("firepoints:review"))
    assert page.context["point"] == first
    assert "照片 3 张，像元内 3 张" in text_of(page)
    assert "计入 1 处：核实结论是不属实，不能计入" in text_of(page)
    assert "checked" not in text_of(page)
    assert client.get(reverse("firepoints:review"), {"point": second.pk}).context["point"] == second
    unpicked = client.post(reverse("firepoints:review"), {"point": first.pk, "reason": "理由", "expected_version": 3})
    assert unpicked.status_code == 400
    assert "还没有选" in text_of(unpicked)
    assert "理由" in text_of(unpicked)
    assert not Recognition.objects.exists()


def test_the_desk_tells_a_refusal_and_keeps_what_was_written(city: City) -> None:
    point = make.negative(city)
    answer = signed_in(city.recogniser).post(
        reverse("firepoints:review"),
        {"point": point.pk, "decision": "recognise", "reason": "我以为属实", "expected_version": point.version},
    )
    assert answer.status_code == 400
    assert "核实结论是不属实" in text_of(answer)
    assert "我以为属实" in text_of(answer)


def test_an_empty_desk_says_so(city: City) -> None:
    assert "没有待认定的火点" in text_of(signed_in(city.recogniser).get(reverse("firepoints:review")))


def test_a_person_divides_a_long_group_on_the_page(city: City) -> None:
    near, far = make.detection(), make.detection(at=(123.77, 41.25))
    point = make.create_point(detections=[near, far], actor=city.system, why="一组")
    FirePoint.objects.filter(pk=point.pk).update(is_oversize=True)
    client = signed_in(city.clerk)
    assert "划分</a>" in text_of(client.get(reverse("firepoints:detail", args=[point.pk])))
    told = {f"part_{near.pk}": "1", f"part_{far.pk}": "2", "reason": "相距一公里半"}
    assert press(client, point, "split", **told).status_code == 302
    assert FirePoint.objects.count() == 2
    assert not FirePoint.objects.filter(is_oversize=True).exists()


def test_a_link_to_elsewhere_is_not_followed_after_an_act(city: City) -> None:
    point = make.suspected()
    answer = press(signed_in(city.clerk), point, "dispatch", next="https://elsewhere.example/")
    assert answer["Location"] == reverse("firepoints:detail", args=[point.pk])


def test_a_dispute_can_end_in_a_county_that_no_pixel_touches_if_it_is_said_whether_it_came(city: City) -> None:
    point = make.take(make.dispatched(city), "dispute", city.west, reason="在河对岸")
    paper, client = make.scan(point, city.clerk), signed_in(city.clerk)
    assert "乙县（另选）" in text_of(client.get(act_url(point, "settle_jointly")))
    told = {
        "conclusion": "true", "county_code": EAST, "evidence": [str(paper.uuid)],
        "party_bureau_outcome": "present", "party_bureau_signer": "演示执法员",
        f"party_{WEST}_outcome": "present", f"party_{WEST}_signer": "演示签字人",
    }  # fmt: skip
    refused = press(client, point, "settle_jointly", **told)
    assert refused.status_code == 400
    assert "要填它的到场情况" in text_of(refused)
    told[f"party_{EAST}_outcome"] = "refused"
    assert "写明烧在哪里" in text_of(press(client, point, "settle_jointly", **told))
    there = {"site_1_position": "123°51'0\"E 41°15'0\"N", "site_1_mu": "2.5"}
    assert press(client, point, "settle_jointly", **told, **there).status_code == 302
    point.refresh_from_db()
    assert (point.state, point.county_code, point.township_code) == (State.VERIFIED, EAST, f"{EAST}001")


def test_a_place_that_cannot_be_read_is_said_beside_its_row(city: City) -> None:
    point = make.joint(city, at=ON_THE_BORDER)
    paper, client = make.scan(point, city.clerk), signed_in(city.clerk)
    told = {
        "conclusion": "true", "evidence": [str(paper.uuid)], "site_1_position": "村东头",
        "party_bureau_outcome": "present", "party_bureau_signer": "演示执法员",
        f"party_{WEST}_outcome": "refused", f"party_{EAST}_outcome": "refused",
    }  # fmt: skip
    page = text_of(press(client, point, "settle_jointly", **told))
    assert "读不出经度“村东头”" in page.split('name="site_1_position"')[1].split("site_2_position")[0]


def test_a_point_without_a_number_is_named_as_the_page_shows_it(city: City) -> None:
    into, gone, client = make.suspected(), make.suspected(at=(123.752, 41.252), source="firms"), signed_in(city.clerk)
    assert press(client, gone, "merge", into=f"疑似-{into.pk}", reason="同一处").status_code == 302
    gone.refresh_from_db()
    assert gone.merged_into == into


@pytest.mark.embedded
@pytest.mark.parametrize("action", ["return", "reopen"])
def test_why_a_point_was_sent_back_stands_on_top_of_the_countys_pages_until_it_reports_anew(
    city: City, action: str
) -> None:
    point = make.verified(city) if action == "return" else make.recognised(city)
    west = signed_in(city.west)
    pages = [reverse(f"firepoints:{name}", args=[point.pk]) for name in ("detail", "report")]
    for url in pages:
        assert "远景看不清田块" not in text_of(west.get(url))
    point = make.take(point, action, city.recogniser, reason="远景看不清田块")
    for url in pages:
        page = text_of(west.get(url))
        main = page[page.index('<main id="main"') :]
        assert "远景看不清田块" in main
        assert main.index("远景看不清田块") < main.index('class="panel"'), "before every panel of the page"
        assert "还剩 23 时" in page
    make.take(point, "report", city.west, conclusion="true", evidence=make.uuids(make.photo(point, city.west)))
    for url in pages:
        page = text_of(west.get(url))
        assert "远景看不清田块" not in page[: page.index('class="panel"')]


def send(client: Client, point: FirePoint, action: str, **data):
    """As the page's script does."""
    return client.post(
        act_url(point, action), {"expected_version": point.version, **data}, headers={"accept": "application/json"}
    )


@pytest.mark.embedded
def test_a_conclusion_sent_again_hours_after_its_answer_was_lost_is_done_once_and_says_done(city: City) -> None:
    point = make.dispatched(city)
    given = {**TRUE, "evidence": make.uuids(make.photo(point, city.west)), "note": "稻茬"}
    west = signed_in(city.west)
    first = send(west, point, "report", **given)
    page = {"url": reverse("firepoints:detail", args=[point.pk])}
    assert (first.status_code, first.json()) == (200, page)
    with time_machine.travel(clock.now() + timedelta(hours=5)):
        again = send(signed_in(city.west), point, "report", **given)
    assert (again.status_code, again.json()) == (200, page)
    assert point.verifications.count() == 1


@pytest.mark.embedded
def test_what_was_changed_before_it_was_sent_again_is_not_said_to_be_done(city: City) -> None:
    point = make.dispatched(city)
    pieces = make.uuids(*(make.photo(point, city.west) for _ in range(3)), make.track(point, city.west))
    west = signed_in(city.west)
    assert send(west, point, "report", **TRUE, evidence=pieces).status_code == 200
    changed = {"conclusion": "false", "cause": "grass", "signed_by": "演示科长", "evidence": pieces}
    again = send(west, point, "report", **changed)
    assert again.status_code == 409
    assert again.json()["message"]
    assert [one.conclusion for one in point.verifications.all()] == ["true"]


def test_a_script_is_told_what_an_act_still_lacks_by_its_field(city: City) -> None:
    point = make.verified(city)
    answer = send(signed_in(city.recogniser), point, "return", reason=" ")
    assert answer.status_code == 400
    assert "reason" in answer.json()["fields"]
