"""The journal reads in words: what an entry is about, its fields and their values; the entry itself keeps stable names."""

from datetime import date

import pytest
from django.db.models import TextChoices
from django.test import Client
from django.urls import reverse

from firepoints.models import Evidence, Question
from grids.models import Overlay
from journal.record import acts, subjects
from penalties.circulars.making import circular_make
from tests.factories import points as make
from tests.factories.city import City


@pytest.fixture
def auditor(city: City) -> Client:
    client = Client()
    client.force_login(city.auditor)
    return client


def page(client: Client, query: str = "") -> str:
    return client.get(reverse("journal:list") + query).content.decode()


def test_an_entry_names_its_point_and_leads_to_it(city: City, auditor: Client) -> None:
    point = make.dispatched(city)
    told = page(auditor)
    assert f'<a href="{reverse("firepoints:detail", args=[point.pk])}">{point.number}</a>' in told
    assert "<dt>状态</dt>" in told
    assert "<dd><del>疑似</del> 已派发</dd>" in told
    assert "fire point" not in told


def test_the_entries_of_a_point_are_found_by_its_number(city: City, auditor: Client) -> None:
    other, point = make.dispatched(city), make.dispatched(city)
    told = page(auditor, f"?subject_id={point.number}")
    assert f">{point.number}</a>" in told
    assert other.number not in told
    assert other.number in page(auditor)


def test_what_nobody_registered_is_shown_by_its_own_name() -> None:
    assert (subjects.label("test.thing"), subjects.field("odd"), subjects.value("state", "odd")) == (
        "test.thing",
        "odd",
        "odd",
    )
    assert subjects.told([("test.thing", "1"), ("firepoints.firepoint", "²")]) == {}


@pytest.mark.parametrize(
    ("field", "choices"), [("kind", Evidence.Kind), ("kind", Overlay.Kind), ("answer", Question.Answer)]
)
def test_a_choice_reads_as_on_its_own_page(field: str, choices: type[TextChoices]) -> None:
    assert [subjects.value(field, choice.value) for choice in choices] == [choice.label for choice in choices]


def test_a_circular_and_its_period_are_called_by_their_words(city: City, auditor: Client) -> None:
    make.recognised(city)
    circular = circular_make(actor=city.clerk, starts_on=date(2023, 10, 1), ends_on=date(2023, 10, 31))
    shown = page(auditor)
    assert f'<a href="{reverse("penalties:circular", args=[circular.pk])}">{circular.title}</a>' in shown
    assert "<dt>起火日自</dt>" in shown
    assert "<dt>起火日到（含）</dt>" in shown
    assert subjects.field("places") == "处数"


def test_no_two_acts_are_called_the_same() -> None:
    labels = [label for _name, label in acts.choices()]
    assert sorted(set(labels)) == sorted(labels)
