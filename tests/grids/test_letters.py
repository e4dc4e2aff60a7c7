"""目标责任书: each adjacent pair signs once a year, with its paper; what was wrong is voided and stays on record (C3)."""

import io
import zipfile
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse

from core import clock
from core.errors import BadInput, Conflict, Missing
from grids.models import Letter
from grids.people.letters import Scan, letter_record, letter_void, letters_record_below
from grids.selectors import scope_of
from grids.selectors.letters import coverage, pairs_of
from journal.models import Entry
from tests.factories import scans
from tests.factories.city import CITY, EAST, WEST, City, build_city, person

pytestmark = pytest.mark.django_db
SIGNED = date(2023, 3, 1)
TOWN = f"{WEST}001"
SCAN = scans.pdf("signed")


@pytest.fixture
def city(settings, tmp_path) -> City:
    settings.JINSHAO_HOME = tmp_path
    return build_city()


def file(city: City, code: str = TOWN, **given) -> Letter:
    facts = {"year": 2023, "signed_on": SIGNED, "scan": Scan(SCAN, "责任书.pdf"), "upper_signer": "演示上级"}
    return letter_record(cell_code=code, actor=city.clerk, **facts | given)


@pytest.mark.embedded
def test_a_letter_names_the_heads_of_the_day_of_signing_when_nobody_is_named(city: City):
    letter = file(city)
    assert (letter.signer, letter.upper_signer, letter.upper_code) == ("演示head", "演示上级", WEST)
    assert "演示上级" not in str(Entry.objects.get(act="letter.recorded").after)


def test_a_pair_signs_once_a_year_even_past_the_service(city: City):
    letter = file(city)
    with pytest.raises(Conflict):
        file(city)
    letter.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        letter.save(force_insert=True)
    assert file(city, year=2024).year == 2024


def test_a_wrong_letter_is_voided_with_a_reason_and_may_be_entered_anew(city: City):
    letter = file(city)
    with pytest.raises(Missing):
        letter_void(letter=letter, actor=city.clerk, reason=" ")
    letter_void(letter=letter, actor=city.clerk, reason="扫描件缺页")
    with pytest.raises(Conflict):
        letter_void(letter=letter, actor=city.clerk, reason="再来一次")
    assert file(city).pk != letter.pk


@pytest.mark.parametrize(
    "given",
    [
        {"scan": Scan(b"MZ not a scan", "责任书.pdf")},
        {"code": "999"},
        {"code": CITY},
        {"signed_on": date(2999, 1, 1)},
        {"year": 1999},
    ],
)
def test_what_is_no_letter_is_refused(city: City, given: dict):
    with pytest.raises(BadInput):
        file(city, **given)


def test_a_pair_of_which_nobody_holds_the_post_must_name_its_signer(city: City):
    with pytest.raises(Missing, match="下级签订人"):
        file(city, code=f"{EAST}001")


def test_the_coverage_counts_every_level_and_only_what_is_signed(city: City):
    file(city)
    pairs = pairs_of(city.edition, scope_of(city.clerk), 2023)
    assert [(one.level, one.signed, one.pairs) for one in coverage(pairs)] == [
        ("county", 0, 2), ("township", 1, 4), ("village", 0, 4), ("group", 0, 0),
    ]  # fmt: skip
    own = pairs_of(city.edition, scope_of(city.east), 2023)
    assert {pair.county for pair in own} == {EAST}


def test_the_paper_to_print_names_both_sides_and_is_the_same_each_time(city: City, client):
    client.force_login(city.clerk)
    url = reverse("grid-letter-paper", args=[TOWN])
    first, second = client.get(url).content, client.get(url).content
    text = zipfile.ZipFile(io.BytesIO(first)).read("word/document.xml").decode()
    assert first == second
    assert "甲县南乡" in text
    assert "演示head" in text
    assert "目标责任书" in text
    assert "不留死角" in text


def test_a_letter_is_filed_through_the_page_and_its_scan_comes_back_as_it_was(city: City, client):
    client.force_login(city.west)
    given = {
        "year": clock.today_beijing().year, "signed_on": "2023-03-01", "upper_signer": "演示上级",
        "scan": SimpleUploadedFile("签.pdf", SCAN),
    }  # fmt: skip
    done = client.post(reverse("grid-people-act", args=[TOWN, "letter"]), given)
    letter = Letter.objects.get()
    assert done.status_code == 302
    assert client.get(reverse("grid-letter-scan", args=[letter.pk])).content == SCAN
    client.force_login(city.east)
    assert client.get(reverse("grid-letter-scan", args=[letter.pk])).status_code == 404
    assert client.post(reverse("grid-people-act", args=[TOWN, "letter"]), given).status_code in (403, 404)


def test_the_list_of_those_to_remind_asks_few_questions(city: City, client, django_assert_max_num_queries):
    file(city)
    client.force_login(city.clerk)
    with django_assert_max_num_queries(20):
        text = client.get(reverse("grid-letters"), {"year": "2023"}).content.decode()
    assert reverse("grid-letter-paper", args=[f"{WEST}002"]) in text
    assert reverse("grid-letter-paper", args=[TOWN]) not in text
    assert client.get(reverse("grid-letters-workbook"), {"year": "x"}).status_code == 200


def test_one_bound_scan_files_everyone_below_who_can_sign_and_has_not(city: City):
    signed = file(city)
    given = {"uppers": [WEST, CITY], "year": 2023, "signed_on": SIGNED, "scan": Scan(SCAN, "合订.pdf")}
    assert letters_record_below(actor=city.clerk, **given) == 0
    person("mayor", "head", CITY, full_name="演示市长")
    person("magistrate", "head", WEST, full_name="演示县长")
    person("mayor2", "head", f"{WEST}002", full_name="演示乡长")
    assert letters_record_below(actor=city.clerk, **given) == 2
    assert letters_record_below(actor=city.clerk, **given) == 0
    found = {one.cell_code: (one.upper_signer, one.signer) for one in Letter.objects.exclude(pk=signed.pk)}
    assert found == {WEST: ("演示市长", "演示县长"), f"{WEST}002": ("演示县长", "演示乡长")}
    assert Entry.objects.filter(act="letter.recorded_below").count() == 1
