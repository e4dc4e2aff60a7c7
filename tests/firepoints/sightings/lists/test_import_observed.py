"""A file without times of its own (FY-4): when it was taken is asked, told, kept with the run, and refused with words."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from core import clock
from firepoints.models import Detection, ImportRun
from firepoints.sightings.readers import observed
from firepoints.sightings.readers.base import SourceError
from tests.factories.city import IN_WEST
from tests.firepoints.pages.test_import_pages import body, client_of, commit, hidden

HEADING = "火点编号 像元火区编号 可信度 纬度 经度 像素面积（平方公里） 明火区面积(公顷) FRP 强度等级 土地类型 省地县"
ROW = f"1 1 80 {IN_WEST[1]} {IN_WEST[0]} 4.2 0.15 12.5 2 农田 某省某市甲县"
FY4 = "\r\n".join((HEADING, ROW, "")).encode("gbk")
NOW = datetime(2023, 10, 9, tzinfo=UTC)


@pytest.fixture
def clerk(city):
    return client_of(city.clerk)


def send(client, name="a.txt"):
    given = {"file": SimpleUploadedFile(name, FY4, "text/plain"), "source": "fy4"}
    return client.post(reverse("imports:new"), given, follow=True)


def asked(page: str) -> dict[str, str]:
    """The hidden fields of the form that asks."""
    return {name: value for name, value in hidden(page).items() if not name.startswith("observed")}


@pytest.mark.embedded
def test_a_text_without_a_time_is_asked_for_it_and_goes_on_without_being_sent_again(clerk):
    page = body(send(clerk))
    assert "缺观测时间" in page
    given = {**asked(page), "observed_from": "2023-10-07T13:00", "observed_to": "2023-10-07T13:15"}
    shown = body(clerk.get(reverse("imports:preview"), given))
    assert "2023-10-07 13:00—13:15（本次指定）" in shown
    commit(clerk, shown)
    run = ImportRun.objects.get()
    one = Detection.objects.get()
    assert (one.starts_at, one.ends_at) == (
        datetime(2023, 10, 7, 5, tzinfo=UTC), datetime(2023, 10, 7, 5, 15, tzinfo=UTC),
    )  # fmt: skip
    assert run.options["observed"] == ["2023-10-07T05:00:00+00:00", "2023-10-07T05:15:00+00:00"]
    assert "2023-10-07 13:00—13:15（本次指定）" in body(clerk.get(reverse("imports:run", args=[run.uuid])))


def test_another_time_is_another_file_and_the_same_again_a_repetition(clerk):
    page = asked(body(send(clerk)))
    for at in ("2023-10-07T13:00", "2023-10-07T14:00", "2023-10-07T13:00"):
        commit(clerk, body(clerk.get(reverse("imports:preview"), {**page, "observed_from": at})))
    assert list(ImportRun.objects.order_by("pk").values_list("kept", "identical")) == [(1, 0), (1, 0), (0, 1)]


@pytest.mark.parametrize(
    ("begin", "end", "complaint"),
    [
        ("昨天", "", "2019-11-22 13:00"),
        ("2023-10-07T13:00", "2023-10-07T12:00", "早于开始"),
        ("2023-10-07T13:00", "2023-10-09T13:00", "超过一天"),
        ("2199-10-07T13:00", "", "在将来"),
        ("", "2023-10-07T12:00", "请写明观测开始"),
    ],
)
def test_a_time_that_cannot_be_is_said_beside_its_field_and_the_file_is_still_there(clerk, begin, end, complaint):
    page = asked(body(send(clerk)))
    answer = clerk.get(reverse("imports:preview"), {**page, "observed_from": begin, "observed_to": end})
    assert answer.status_code == 400
    assert complaint in body(answer)
    assert asked(body(answer))["token"] == page["token"]


def test_the_name_says_the_time_and_a_person_may_say_another(clerk):
    page = body(send(clerk, "FY4A_20231007050000_20231007051459_4000M.TXT"))
    assert "2023-10-07 13:00—13:14（文件名所写）" in page
    assert "改观测时间" in page
    assert "观测开始" in body(clerk.get(reverse("imports:preview"), {**hidden(page), "ask": "observed"}))


def test_the_command_takes_the_time_in_one_word_and_refuses_what_is_none(city, tmp_path, capsys):
    path = tmp_path / "a.txt"
    path.write_bytes(FY4)
    call_command("ingest", str(path), source="fy4", observed="2023-10-07 13:00/13:15", as_json=True)
    run = ImportRun.objects.get(uuid=json.loads(capsys.readouterr().out)["run"])
    assert (run.kept, run.options["observed"][1]) == (1, "2023-10-07T05:15:00+00:00")
    for text, source in (("昨天", "fy4"), ("2023-10-07 13:00", "firms")):
        with pytest.raises(CommandError):
            call_command("ingest", str(path), source=source, observed=text)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2019-11-22 13:00", ("2019-11-22T05:00:00+00:00",) * 2),
        ("2019-11-22T05:00Z", ("2019-11-22T05:00:00+00:00",) * 2),
        ("2019-11-22 23:55/2019-11-23 00:10", ("2019-11-22T15:55:00+00:00", "2019-11-22T16:10:00+00:00")),
    ],
)
def test_one_line_is_a_moment_or_two_in_beijing_time_or_its_own_zone(text, span):
    kept = observed.from_text(text, parser="fy4", now=NOW)
    assert tuple(kept) == span
    assert observed.span_of(kept)[1] - observed.span_of(kept)[0] <= timedelta(minutes=15)


@pytest.mark.parametrize("text", ["", "13:00", "2019-02-30 13:00", "2019-11-22 25:00", "2019-11-22 13:00/x", "a/b/c"])
def test_what_is_no_time_is_refused_with_the_form_it_should_have(text):
    with pytest.raises(SourceError, match="写成"):
        observed.from_text(text, parser="fy4", now=NOW)


def test_a_file_whose_rows_have_times_takes_none():
    with pytest.raises(SourceError, match="自有时间"):
        observed.told(clock.now(), parser="himawari", now=clock.now())
