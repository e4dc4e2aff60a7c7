"""A ruling is set by two persons with its document and scan, from a date that reaches behind no batch (policy.md §2, §5)."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from core import clock
from core.errors import BadInput, Conflict, Missing, NotAllowed, NotThere
from firepoints.models import Ruling
from firepoints.policy import ruling_kinds, rulings
from firepoints.policy.charge_matrix import CELLS
from firepoints.policy.ruling_acts import GUARDS, RulingDraft, ruling_propose, ruling_set
from firepoints.policy.ruling_kinds import kind_of, kinds
from grids.models import User
from journal.models import Entry, Proposal
from journal.proposals import services
from tests.factories.city import CITY, City, person
from tests.factories.rulings import SCAN, ruled

pytestmark = [pytest.mark.embedded, pytest.mark.django_db]
DAY = date(2026, 3, 1)


@pytest.fixture(autouse=True)
def _a_home(settings, tmp_path) -> None:
    settings.JINSHAO_HOME = tmp_path


def ask(city: City, key: str = "objection_days", value: object = 7, on: date = DAY, **more) -> Proposal:
    given = {"document_no": "演示〔2026〕3号", "scan": SCAN, "actor": city.clerk} | more
    return ruling_propose(key=key, value=value, valid_from=on, **given)


def test_nothing_changes_until_another_person_accepts(city: City) -> None:
    proposal = ask(city)
    assert rulings.ruling("objection_days", DAY) == 5
    with pytest.raises(NotAllowed, match="另一个人"):
        services.accept(proposal_id=proposal.pk, actor=city.clerk)
    for stranger in (city.finance, city.auditor):
        with pytest.raises((NotThere, NotAllowed)):
            services.accept(proposal_id=proposal.pk, actor=stranger)
    services.accept(proposal_id=proposal.pk, actor=city.recogniser)
    assert rulings.ruling("objection_days", DAY) == 7
    assert rulings.ruling("objection_days", DAY - timedelta(days=1)) == 5
    row = Ruling.objects.get(key="objection_days")
    assert (row.set_by, row.accepted_by, row.document_no) == (city.clerk, city.recogniser, "演示〔2026〕3号")
    assert row.scan_sha256
    entry = Entry.objects.get(act="ruling.set")
    assert (entry.actor_id, entry.after["accepted_by"]) == (city.clerk.pk, city.recogniser.pk)
    assert (entry.after["value"], entry.after["scan"]) == (7, row.scan_sha256)


def test_another_account_of_the_asker_is_no_other_person(city: City) -> None:
    twin = person("twin", "recogniser", CITY, full_name="演示乙")
    User.objects.filter(pk__in=[twin.pk, city.clerk.pk]).update(full_name="演示乙", phone="13900000001")
    twin.refresh_from_db()
    city.clerk.refresh_from_db()
    proposal = ask(city)
    with pytest.raises(NotAllowed):
        services.accept(proposal_id=proposal.pk, actor=twin)
    draft = RulingDraft.of(proposal.data)
    with pytest.raises(NotAllowed):
        ruling_set(draft=draft, actor=city.clerk, accepted_by=twin)
    assert not Ruling.objects.filter(key="objection_days").exists()


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"document_no": " "}, Missing),
        ({"scan": (b"", "")}, Missing),
        ({"scan": (b"just text", "a.txt")}, BadInput),
        ({"value": "7"}, BadInput),
        ({"value": True}, BadInput),
        ({"value": 0}, BadInput),
        ({"value": 61}, BadInput),
        ({"value": 5.5}, BadInput),
        ({"key": "titles", "value": {}}, BadInput),
        ({"key": "uphold_by_another", "value": 1}, BadInput),
        ({"key": "cross_min_share", "value": 1.2}, BadInput),
        ({"key": "number_prefix", "value": "bx"}, BadInput),
        ({"key": "charge.other.hotline", "value": True}, BadInput),
    ],
)
def test_what_is_no_ruling_is_refused_and_asked_of_nobody(city: City, more: dict, error: type) -> None:
    with pytest.raises(error):
        ask(city, **more)
    assert not Proposal.objects.exists()


def test_only_the_bureau_asks(city: City) -> None:
    for stranger in (city.west, city.recogniser, city.finance):
        with pytest.raises(NotAllowed):
            ask(city, actor=stranger)


def test_one_date_has_one_ruling_and_a_later_one_follows(city: City) -> None:
    ruled(city, "objection_days", 7, DAY)
    with pytest.raises(Conflict) as refused:
        ask(city, value=9)
    assert refused.value.code == "ruling_differs"
    ruled(city, "objection_days", 9, date(2026, 6, 1))
    assert [rulings.ruling("objection_days", on) for on in (DAY, date(2026, 6, 1))] == [7, 9]


def test_a_proposal_lapses_when_the_ruling_has_moved_on(city: City) -> None:
    proposal = ask(city)
    Ruling.objects.create(key="objection_days", valid_from=date(2026, 2, 1), value=6)
    with pytest.raises(Conflict) as refused:
        services.accept(proposal_id=proposal.pk, actor=city.recogniser)
    assert refused.value.code == "proposal_lapsed"


def test_a_guard_of_another_app_refuses_a_date(city: City, overridden) -> None:
    overridden(GUARDS, lambda on: "2026年2月批次已报送" if on < DAY else "")
    assert ask(city)
    with pytest.raises(Conflict) as refused:
        ask(city, key="feedback_days", on=date(2026, 2, 28))
    assert (refused.value.code, "2026年2月批次" in refused.value.message) == ("ruling_behind_batch", True)


def test_the_database_holds_two_people_and_the_paper(city: City) -> None:
    good = {"key": "x", "valid_from": DAY, "value": 1, "document_no": "1号", "scan_sha256": "0" * 64}
    Ruling.objects.create(**good, set_by=city.clerk, accepted_by=city.recogniser)
    for at, wrong in enumerate(
        (
            {"set_by": city.clerk, "accepted_by": city.clerk},
            {"set_by": city.clerk},
            {"set_by": city.clerk, "accepted_by": city.recogniser, "scan_sha256": ""},
            {"set_by": city.clerk, "accepted_by": city.recogniser, "document_no": ""},
        )
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Ruling.objects.create(**good | {"valid_from": DAY + timedelta(days=at + 1)} | wrong)


def test_every_ruling_that_code_reads_is_described_and_its_default_is_one() -> None:
    assert sorted(set(rulings.DEFAULTS) - set(ruling_kinds.DESCRIBED)) == []
    for key in (*rulings.DEFAULTS, *CELLS):
        if key:
            kind, default = kind_of(key), ruling_kinds.default_of(key)
            assert kind.require(default) == default, key
            assert kind.label != key
            assert kind.words(default)
    assert len(kinds()) == len(rulings.DEFAULTS) + len([key for key in CELLS if key])


def test_the_page_shows_value_document_date_default_and_who_and_two_people_set_one(city: City) -> None:
    page, clerk, decider = reverse("firepoints:rulings"), Client(), Client()
    clerk.force_login(city.clerk)
    decider.force_login(city.recogniser)
    form = clerk.get(page, {"key": "objection_days"}).content.decode()
    assert [word for word in ("异议期", "5 天", "县 · 巡查 计入", 'name="value"') if word not in form] == []
    given = {"key": "objection_days", "value": "7", "valid_from": "2026-03-01", "document_no": "演示〔2026〕3号"}
    wrong = clerk.post(reverse("firepoints:ruling_propose"), given | {"value": "many"})
    assert wrong.status_code == 400
    scan = SimpleUploadedFile("裁定.pdf", SCAN[0])
    assert clerk.post(reverse("firepoints:ruling_propose"), given | {"scan": scan}).status_code == 302
    proposal = Proposal.objects.get()
    assert "5 天 → 7 天" in decider.get(page).content.decode()
    assert decider.get(reverse("firepoints:ruling_asked_scan", args=[proposal.pk])).content == SCAN[0]
    services.accept(proposal_id=proposal.pk, actor=city.recogniser)
    told = decider.get(page).content.decode()
    assert [
        word for word in ("7 天", "演示〔2026〕3号", str(city.clerk), str(city.recogniser)) if word not in told
    ] == []
    row = Ruling.objects.get(key="objection_days")
    assert decider.get(reverse("firepoints:ruling_scan", args=[row.pk])).content == SCAN[0]


def test_everybody_with_a_post_reads_them_and_no_one_else(city: City) -> None:
    page = reverse("firepoints:rulings")
    for user in (city.west, city.finance, city.auditor, city.inspector):
        client = Client()
        client.force_login(user)
        assert client.get(page).status_code == 200
        assert client.post(reverse("firepoints:ruling_propose"), {"key": "objection_days"}).status_code == 403
    nobody = Client()
    nobody.force_login(person("former", "bureau", CITY, since=date(2099, 1, 1)))
    assert nobody.get(page).status_code == 403


def test_a_ruling_that_begins_later_is_shown_as_such(city: City) -> None:
    later = clock.today_beijing() + timedelta(days=30)
    ruled(city, "objection_days", 9, later)
    client = Client()
    client.force_login(city.clerk)
    page = client.get(reverse("firepoints:rulings")).content.decode()
    assert f"{later} 起 9 天" in page
