"""The matrix of policy.md §3: what each cell says without a ruling, and what a ruling changes from its date on."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core.errors import BadInput, Conflict, Missing, NotAllowed
from firepoints.models import Recognition, Ruling, Source
from firepoints.policy import charge_matrix, charging, rulings
from firepoints.policy.ruling_acts import cell_key, ruling_propose
from journal.models import Entry, Proposal
from journal.proposals import services
from tests.factories import points as make
from tests.factories.city import City
from tests.factories.rulings import SCAN, ruled

DAY = date(2023, 10, 7)
TABLE = {
    "national": "是是是是×",
    "province": "是是是是×",
    "city": "×是是是×",
    "county": "×××××",
    "township": "×××××",
    "village": "×××××",
}
"""卫星、督查、巡查、执法检查、自查, as policy.md §3 has them."""


def counts(authority: str, kind: str, on: date = DAY, source_class: str = "inspection") -> bool:
    source = Source(authority=authority, kind=kind, source_class=source_class)
    return charging.can_charge(source, rulings.values_on(on))


@pytest.mark.django_db
def test_every_cell_says_without_a_ruling_what_the_table_of_the_policy_says():
    told = {
        one: "".join("是" if counts(one, kind) else "×" for kind in charge_matrix.KINDS)
        for one in charge_matrix.AUTHORITIES
    }
    assert told == TABLE
    assert all(one.value in (*charge_matrix.AUTHORITIES, "other") for one in Source.Authority)


@pytest.mark.django_db
def test_a_lead_is_charged_under_no_ruling():
    for key in (*charge_matrix.CELLS, "charge.other.hotline", "charge.other.satellite"):
        Ruling.objects.create(key=key, valid_from="2023-01-01", value=True)
    assert counts("village", "self_found", source_class="self_found")
    assert not counts("other", "hotline", source_class="lead")
    assert not counts("other", "satellite", source_class="lead")
    assert not counts("national", "satellite", source_class="lead")
    assert not counts("county", "hotline")


@pytest.mark.django_db
@pytest.mark.parametrize("cell", charge_matrix.CELLS)
def test_a_ruling_changes_its_cell_alone_and_only_from_its_date(cell):
    before, eve = rulings.values_on(DAY), rulings.values_on(DAY - timedelta(days=1))
    Ruling.objects.create(key=cell, valid_from=DAY, value=not before[cell], document_no="演示〔2023〕3号")
    assert rulings.values_on(DAY - timedelta(days=1)) == eve
    assert rulings.values_on(DAY) == before | {cell: not before[cell]}
    assert rulings.rulings_on(DAY)[cell] == ["2023-10-07", "演示〔2023〕3号", not before[cell]]


@pytest.mark.django_db
def test_the_question_of_own_findings_decides_its_cells_until_one_has_a_ruling_of_its_own():
    Ruling.objects.create(key="self_found_counts", valid_from=DAY, value=True, document_no="演示〔2023〕1号")
    assert counts("county", "self_found")
    assert counts("village", "patrol")
    assert rulings.rulings_on(DAY)["charge.county.patrol"] == ["2023-10-07", "演示〔2023〕1号", True]
    Ruling.objects.create(key="charge.village.patrol", valid_from=DAY, value=False)
    assert not counts("village", "patrol")
    assert counts("township", "patrol")


def test_a_decision_keeps_the_cell_that_it_was_made_under(city: City) -> None:
    made = make.recognised(city, source="patrol").recognition
    ruled(city, "charge.city.patrol", False, DAY)
    assert Recognition.objects.get(pk=made.pk).rulings["charge.city.patrol"] == ["", "", True]
    with pytest.raises(Missing, match="只有线索"):
        make.take(make.verified(city, source="patrol"), "recognise", city.recogniser, reason="试")


def test_only_the_bureau_rules_with_a_document_once_per_date_and_never_on_leads(city: City) -> None:
    given = {
        "key": cell_key("county", "patrol"),
        "value": True,
        "valid_from": DAY,
        "document_no": "演示〔2023〕9号",
        "scan": SCAN,
    }
    with pytest.raises(NotAllowed):
        ruling_propose(**given, actor=city.west)
    with pytest.raises(Missing):
        ruling_propose(**{**given, "document_no": " "}, actor=city.clerk)
    with pytest.raises(BadInput, match="不能凭裁定扣缴"):
        cell_key("county", "hotline")
    services.accept(proposal_id=ruling_propose(**given, actor=city.clerk).pk, actor=city.recogniser)
    with pytest.raises(Conflict, match="县 · 巡查"):
        ruling_propose(**{**given, "value": False}, actor=city.clerk)
    assert Entry.objects.get(act="ruling.set").after["key"] == "charge.county.patrol"


def test_everybody_with_a_post_reads_the_matrix_and_the_bureau_rules_on_the_page(city: City) -> None:
    page, rule = reverse("firepoints:charging"), reverse("firepoints:charging_rule")
    county, clerk = Client(), Client()
    county.force_login(city.west)
    clerk.force_login(city.clerk)
    form = {
        "authority": "county", "kind": "patrol", "counts": "yes", "valid_from": "2023-10-07", "document_no": "演示〔2023〕9号",
    }  # fmt: skip
    assert rule not in county.get(page).content.decode()
    assert county.post(rule, form).status_code == 403
    assert clerk.post(rule, {**form, "document_no": ""}).status_code == 400
    assert clerk.post(rule, form).status_code == 400
    assert clerk.post(rule, {**form, "scan": SimpleUploadedFile("裁定.pdf", SCAN[0])}).url == page
    assert "演示〔2023〕9号" not in county.get(page).content.decode()
    services.accept(proposal_id=Proposal.objects.get().pk, actor=city.recogniser)
    assert "演示〔2023〕9号" in county.get(page).content.decode()
