"""Which edition rules when, and who may object."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from core.errors import Conflict, Missing, NotAllowed, Refused
from grids.editions import guards
from grids.editions.activating import edition_activate, edition_import
from grids.models import Edition
from grids.selectors import edition_for, editions_of, level_of_code, payers_listed, root_code, system_user
from journal.models import Entry
from tests.grids.files import box, feature, two_counties, write

pytestmark = pytest.mark.django_db
OLD, NEW = date(2020, 1, 1), date(2023, 6, 1)


@pytest.fixture
def editions(tmp_path):
    """旧 and 新, loaded; 新 has another name for 乙县."""
    new = write(
        tmp_path / "new.geojson",
        feature(box(123.7, 41.2, 123.8, 41.4), code="210590", name="甲县"),
        feature(box(123.8, 41.2, 123.9, 41.4), code="210591", name="乙区"),
    )
    for name, file in (("旧", two_counties(tmp_path)), ("新", new)):
        edition_import(name=name, levels={"county": file}, actor=system_user())


@pytest.fixture
def guard(overridden):
    """A registry of the test's own."""
    overridden(guards.GUARDS)
    return guards.register_activation_guard


def activate(name: str, on: date) -> tuple[Edition, bool]:
    return edition_activate(name=name, valid_from=on, actor=system_user())


def test_without_an_active_edition_no_date_has_one(editions):
    assert edition_for(NEW) == (None, False)
    assert payers_listed(NEW) == []


@pytest.mark.embedded
def test_the_edition_of_a_date_is_the_latest_that_had_begun(editions):
    activate("新", NEW)
    activate("旧", OLD)
    assert edition_for(date(2023, 5, 31))[0].name == "旧"
    assert edition_for(NEW)[0].name == "新"
    assert edition_for(date(2030, 1, 1))[0].name == "新"


def test_many_dates_are_answered_as_each_alone_in_one_query(editions, django_assert_num_queries):
    days = [date(2016, 8, 1), OLD, date(2023, 5, 31), NEW, date(2030, 1, 1), date(2016, 8, 1)]
    assert editions_of(days) == [None] * len(days)
    activate("新", NEW)
    activate("旧", OLD)
    each = [edition_for(day)[0] for day in days]
    with django_assert_num_queries(1):
        assert editions_of(days) == each


def test_a_date_before_the_first_edition_uses_the_first_and_says_so(editions):
    activate("旧", OLD)
    edition, is_before_first = edition_for(date(2016, 8, 1))
    assert (edition.name, is_before_first) == ("旧", True)
    assert edition_for(OLD)[1] is False


def test_a_later_edition_knows_which_one_it_supersedes(editions):
    activate("旧", OLD)
    assert activate("新", NEW)[0].supersedes.name == "旧"


def test_the_payers_of_a_date_are_the_counties_of_that_dates_edition(editions):
    activate("旧", OLD)
    activate("新", NEW)
    assert [row.name for row in payers_listed(OLD)] == ["甲县", "乙县"]
    assert [row.name for row in payers_listed(NEW)] == ["甲县", "乙区"]


def test_activating_again_from_the_same_date_changes_nothing(editions):
    activate("旧", OLD)
    assert activate("旧", OLD)[1] is False
    assert Entry.objects.filter(act="grid.activated").count() == 1


def test_an_active_edition_can_be_back_dated(editions):
    activate("旧", NEW)
    activate("旧", OLD)
    assert edition_for(OLD)[1] is False


def test_two_editions_cannot_begin_on_one_date(editions):
    activate("旧", OLD)
    with pytest.raises(Conflict) as refused:
        activate("新", OLD)
    assert refused.value.code == "date_taken"


def test_not_even_by_sql(editions):
    activate("旧", OLD)
    rival = Edition.objects.get(name="新")
    with pytest.raises(IntegrityError), transaction.atomic():
        Edition.objects.filter(pk=rival.pk).update(state="active", valid_from=OLD, activated_at="2024-01-01T00:00Z")


def test_a_guard_from_above_can_refuse_with_its_reason(editions, guard):
    guard(lambda edition, valid_from: "2023-10-07 已有认定" if valid_from < date(2023, 10, 8) else None)
    with pytest.raises(NotAllowed) as refused:
        activate("旧", NEW)
    assert refused.value.code == "activation_refused"
    assert "已有认定" in refused.value.message
    assert not Edition.objects.filter(state="active").exists()
    assert activate("旧", date(2023, 10, 8))[1] is True


def test_moving_an_edition_forward_asks_the_guards_about_the_date_that_it_leaves(editions, guard):
    activate("旧", OLD)
    asked = []
    guard(lambda edition, valid_from: asked.append(valid_from))
    activate("旧", NEW)
    assert asked == [OLD]


def test_an_edition_without_counties_cannot_rule(tmp_path):
    town = write(tmp_path / "t.geojson", feature(box(123, 41, 124, 42), code="210590001", name="乡"))
    edition_import(name="只有乡", levels={"township": town}, actor=system_user())
    with pytest.raises(Missing) as refused:
        activate("只有乡", OLD)
    assert refused.value.code == "no_county_layer"


def test_an_unknown_name_is_refused():
    with pytest.raises(Refused) as refused:
        activate("没有", OLD)
    assert refused.value.code == "no_edition"


def test_the_root_without_a_city_cell_is_what_the_counties_share(editions):
    assert root_code() == ""
    activate("旧", OLD)
    assert root_code(edition_for(OLD)[0]) == "2105"


@pytest.mark.embedded
def test_a_draft_without_a_date_never_says_what_level_a_code_has_while_a_dated_edition_does(tmp_path, editions) -> None:
    activate("旧", OLD)
    draft = Edition.objects.get(name="新")
    draft.cells.filter(code="210590").update(level="township")
    assert level_of_code("210590") == "county"
