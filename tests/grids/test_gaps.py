"""不留死角、不留盲区: every cell that lacks something is named, and nothing that is whole (C2, C3, C5, C10)."""

from datetime import date

import pytest
from django.urls import reverse

from grids.models import Letter, User
from grids.people.appointing import appoint
from grids.people.phones import phone_checked, phone_set
from grids.people.roster_row import RosterRow
from grids.roles import Level, PostKind
from grids.selectors import scope_of
from grids.selectors.gaps import Gap, gaps_of, tallies, totals
from tests.factories.city import EAST, WEST, City, build_city

pytestmark = pytest.mark.django_db
TODAY = date(2023, 10, 7)
VILLAGE = f"{WEST}001001"


@pytest.fixture
def city() -> City:
    return build_city()


def gaps(city: City, code: str, *, year: int = 2023) -> set[Gap]:
    rows = gaps_of(city.edition, scope_of(city.clerk), TODAY, year=year)
    return set(next(row.gaps for row in rows if row.code == code))


def name(city: City, code: str = VILLAGE, level: str = Level.VILLAGE, **given) -> None:
    facts = {"kind": PostKind.HEAD, "full_name": "演示村长", "phone": "19900000001", **given}
    row = RosterRow(cell_code=code, level=level, username="", starts=date(2023, 1, 1), **facts)
    appoint(row=row, actor=city.clerk)


@pytest.mark.embedded
def test_a_cell_without_anyone_lacks_a_holder_and_with_one_it_does_not(city: City):
    assert Gap.HOLDER in gaps(city, VILLAGE)
    name(city)
    assert not gaps(city, VILLAGE) & {Gap.HOLDER, Gap.PHONE, Gap.FAILED}


def test_a_holder_without_a_number_is_a_gap_until_one_is_entered(city: City):
    name(city, phone="")
    assert Gap.PHONE in gaps(city, VILLAGE)
    name(city, phone="19900000002")
    assert Gap.PHONE not in gaps(city, VILLAGE)


def test_a_number_that_failed_is_a_gap_until_it_answers_or_is_another(city: City):
    name(city)
    holder = User.objects.get(full_name="演示村长")
    phone_checked(holder=holder, is_answered=False, actor=city.clerk)
    assert gaps(city, VILLAGE) >= {Gap.FAILED}
    phone_checked(holder=holder, is_answered=True, actor=city.clerk)
    assert Gap.FAILED not in gaps(city, VILLAGE)
    phone_checked(holder=holder, is_answered=False, actor=city.clerk)
    phone_set(user=holder, phone="19900000009", actor=city.clerk)
    assert Gap.FAILED not in gaps(city, VILLAGE)


def test_a_village_without_groups_and_a_county_without_a_department_are_told(city: City):
    assert Gap.GROUP in gaps(city, VILLAGE)
    assert Gap.DESIGNATION not in gaps(city, WEST)
    city.west.terms.get().post.designations.all().delete()
    assert Gap.DESIGNATION in gaps(city, WEST)


def test_a_letter_counts_for_its_year_alone(city: City):
    Letter.objects.create(
        year=2023, cell_code=VILLAGE, upper_code=f"{WEST}001", level=Level.VILLAGE, signer="甲", upper_signer="乙",
        signed_on=TODAY, scan_name="a.pdf", scan_sha256="0" * 64, scan_stored_as="x", recorded_by=city.clerk,
    )  # fmt: skip
    assert Gap.LETTER not in gaps(city, VILLAGE)
    assert Gap.LETTER in gaps(city, VILLAGE, year=2024)


def test_a_county_sees_its_own_cells_and_the_tallies_add_up(city: City):
    own = gaps_of(city.edition, scope_of(city.west), TODAY)
    assert {row.county for row in own} == {WEST}
    every = gaps_of(city.edition, scope_of(city.clerk), TODAY)
    counties = tallies(every, Level.COUNTY)
    assert [one.code for one in counties] == [WEST, EAST]
    city_itself = sum(not row.county for row in every)
    assert totals(every).cells == sum(one.cells for one in counties) + city_itself
    assert 0 <= counties[0].percent < 100


def test_the_page_lists_the_gaps_with_links_that_close_them_and_asks_few_questions(
    city: City, client, django_assert_max_num_queries
):
    client.force_login(city.clerk)
    with django_assert_max_num_queries(24):
        page = client.get(reverse("grid-gaps"), {"kind": "holder", "county": WEST})
    text = page.content.decode()
    assert reverse("grid-people", args=[VILLAGE]) + "#appoint" in text
    assert EAST + "001" not in text
    shades = client.get(reverse("grid-gaps-map"), {"kind": "holder"}).json()
    assert VILLAGE in shades
    assert "无责任人" in shades[VILLAGE]["label"]


def test_the_auditor_sees_the_gaps_without_forms(city: City, client):
    client.force_login(city.auditor)
    text = client.get(reverse("grid-gaps")).content.decode()
    assert reverse("grid-people", args=[VILLAGE]) not in text
    assert client.get(reverse("grid-people", args=[VILLAGE])).status_code == 403


def test_the_workbook_holds_every_county_and_every_gap(city: City, client):
    import io

    import python_calamine

    client.force_login(city.clerk)
    content = client.get(reverse("grid-gaps-workbook")).content
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert {row[1] for row in book.get_sheet_by_name("汇总").to_python()[2:4]} == {WEST, EAST}
    listed = {row[0] for row in book.get_sheet_by_name("缺口").to_python()[2:]}
    assert VILLAGE in listed
