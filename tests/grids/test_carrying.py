"""Posts on old codes: proposed for the new ones, confirmed by a person, carried from the day of the edition; nothing is rewritten."""

import json
from datetime import date, timedelta
from io import BytesIO, StringIO

import openpyxl
import pytest
from django.core.management import call_command
from django.urls import reverse

from core import clock
from core.errors import BadInput, Conflict
from grids.editions.activating import edition_activate, edition_store
from grids.editions.changes import changes_store
from grids.editions.files import RawCell
from grids.editions.suggestions import Change
from grids.models import Edition, Post, Term
from grids.people import carrying
from grids.people.carrying import NOWHERE, posts_carry, proposals
from grids.selectors.left_behind import left_behind
from journal.models import Entry
from tests.factories.city import SINCE, WEST, City, build_city, cells, hold, person

pytestmark = pytest.mark.django_db
SOUTH, NORTH = f"{WEST}001", f"{WEST}002"
DAY = date(2030, 1, 1)


@pytest.fixture
def city() -> City:
    return build_city()


def recoded(cell: RawCell, codes: dict[str, str]) -> RawCell:
    return RawCell(cell.level, cell.feature, codes.get(cell.code, cell.code), cell.name, cell.claims, cell.geometry)


def begin(city: City, codes: dict[str, str], rows: list[tuple[str, str, str]], *, since: date = DAY, **how) -> Edition:
    """An edition in which cells have other codes; what is said of the old ones as (kind, old, new)."""
    found = [one for one in (recoded(cell, codes) for cell in cells()) if one.code]
    edition, _ = edition_store(name="新版", cells=found, datum="wgs84", actor=city.system)
    told = [Change(kind, "township", old, new) for kind, old, new in rows]
    changes_store(edition=edition, changes=told, actor=city.clerk, is_suggested=False)
    edition, _ = edition_activate(name="新版", valid_from=since, actor=city.clerk, **how)
    return edition


def recode(city: City, **how) -> Edition:
    return begin(city, {SOUTH: f"{WEST}101"}, [("recoded", SOUTH, f"{WEST}101")], **how)


def terms(code: str) -> list[tuple[str, date, date | None]]:
    rows = Term.objects.filter(post__cell_code=code).order_by("starts", "id")
    return [(one.holder.username, one.starts, one.ends) for one in rows]


@pytest.mark.embedded
def test_a_recoded_cell_keeps_its_people_from_the_day_of_the_edition(city: City):
    edition = recode(city)
    assert proposals(edition) == {SOUTH: f"{WEST}101"}
    assert terms(f"{WEST}101") == [], "nothing is carried until a person says so"
    done = posts_carry(edition=edition, choices=proposals(edition), actor=city.clerk)
    assert done == {"codes": 1, "ended": 1, "started": 1}
    assert terms(SOUTH) == [("head", SINCE, DAY)]
    assert terms(f"{WEST}101") == [("head", DAY, None)]
    entry = Entry.objects.get(act="terms.carried")
    assert entry.after["codes"] == {SOUTH: f"{WEST}101"}
    assert left_behind(edition) == []


def test_asked_twice_it_is_done_once(city: City):
    edition = recode(city)
    choices = proposals(edition)
    posts_carry(edition=edition, choices=choices, actor=city.clerk)
    assert posts_carry(edition=edition, choices=choices, actor=city.clerk) == {"codes": 0, "ended": 0, "started": 0}
    assert len(terms(f"{WEST}101")) == Entry.objects.filter(act="terms.carried").count() == 1


def test_who_read_before_the_other_wrote_is_refused_and_changes_nothing(city: City, monkeypatch):
    edition = recode(city)
    stale = left_behind(edition)
    posts_carry(edition=edition, choices={SOUTH: f"{WEST}101"}, actor=city.clerk)
    monkeypatch.setattr(carrying, "left_behind", lambda _: stale)
    with pytest.raises(Conflict):
        posts_carry(edition=edition, choices={SOUTH: f"{WEST}101"}, actor=city.clerk)
    assert terms(f"{WEST}101") == [("head", DAY, None)]


def test_in_a_merger_both_stay_responsible_the_one_who_comes_under_the_name_of_the_old_cell(city: City):
    hold(person("other", "head", f"{WEST}009"), "head", NORTH)
    Post.objects.filter(cell_code__in=(SOUTH, NORTH), kind="head").update(title="主要负责人")
    edition = begin(city, {SOUTH: ""}, [("merged", SOUTH, NORTH), ("moved", NORTH, NORTH)])
    posts_carry(edition=edition, choices=proposals(edition), actor=city.clerk)
    held = Term.objects.filter(post__cell_code=NORTH, ends__isnull=True, post__kind="head").order_by("id")
    assert [(one.holder.username, one.post.title) for one in held] == [
        ("other", "主要负责人"), ("head", "主要负责人（原甲县南乡）"),
    ]  # fmt: skip


def test_of_a_split_a_person_chooses_the_part_and_no_other_code(city: City):
    parts = (f"{WEST}101", f"{WEST}102")
    found = {SOUTH: parts[0], NORTH: parts[1]}
    edition = begin(city, found, [("split", SOUTH, parts[0]), ("split", SOUTH, parts[1]), ("ended", NORTH, "")])
    assert proposals(edition) == {}
    for wrong in ("", WEST, "210591001", SOUTH):
        with pytest.raises(BadInput):
            posts_carry(edition=edition, choices={SOUTH: wrong}, actor=city.clerk)
    posts_carry(edition=edition, choices={SOUTH: parts[1]}, actor=city.clerk)
    assert terms(parts[1]) == [("head", DAY, None)]
    assert terms(parts[0]) == []


def test_what_goes_on_nowhere_only_ends(city: City):
    edition = begin(city, {SOUTH: ""}, [("ended", SOUTH, "")])
    assert posts_carry(edition=edition, choices={SOUTH: NOWHERE}, actor=city.clerk)["started"] == 0
    assert terms(SOUTH) == [("head", SINCE, DAY)]


def test_an_edition_in_arrears_reaches_back_with_the_new_term_and_leaves_the_old_until_it_was_activated(city: City):
    since = clock.today_beijing() - timedelta(days=30)
    edition = recode(city, since=since)
    posts_carry(edition=edition, choices=proposals(edition), actor=city.clerk)
    assert terms(SOUTH) == [("head", SINCE, clock.today_beijing())]
    assert terms(f"{WEST}101") == [("head", since, None)]


def test_terms_with_a_set_end_or_begun_later_are_told_and_left_to_a_person(city: City):
    Term.objects.filter(holder__username="head").update(ends=date(2031, 1, 1))
    late = person("late", "deputy", SOUTH, since=date(2030, 2, 1))
    edition = recode(city)
    (left,) = left_behind(edition)
    assert left.terms == []
    assert {term.holder.username for term, _ in left.fixed} == {"head", late.username}
    assert proposals(edition) == {}


def test_a_code_given_to_another_cell_leaves_the_terms_of_the_old_one_and_not_those_of_the_new(city: City):
    edition = begin(city, {SOUTH: f"{WEST}101", NORTH: SOUTH}, [
        ("recoded", SOUTH, f"{WEST}101"), ("recoded", NORTH, SOUTH),
    ])  # fmt: skip
    person("fresh", "deputy", SOUTH, since=DAY)
    assert proposals(edition) == {SOUTH: f"{WEST}101"}
    posts_carry(edition=edition, choices=proposals(edition), actor=city.clerk)
    assert left_behind(edition) == []
    assert ("fresh", DAY, None) in terms(SOUTH)


def test_two_changes_of_codes_are_followed_through(city: City):
    recode(city, since=date(2024, 1, 1))
    found = [recoded(cell, {SOUTH: f"{WEST}201"}) for cell in cells()]
    edition, _ = edition_store(name="再新", cells=found, datum="wgs84", actor=city.system)
    change = Change("recoded", "township", f"{WEST}101", f"{WEST}201")
    edition_activate(name="再新", valid_from=DAY, actor=city.clerk)
    edition.refresh_from_db()
    changes_store(edition=edition, changes=[change], actor=city.clerk, is_suggested=False)
    assert proposals(edition) == {SOUTH: f"{WEST}201"}
    with pytest.raises(Conflict):
        posts_carry(edition=Edition.objects.get(name="演示版"), choices={}, actor=city.clerk)


def test_the_page_proposes_the_bureau_confirms_and_what_is_left_stands_with_the_gaps(city: City, client):
    edition = recode(city, since=clock.today_beijing())
    url, act = (reverse(name, args=[edition.pk]) for name in ("edition-carry", "edition-carry-act"))
    client.force_login(city.west)
    assert client.get(url).status_code == client.post(act, {"do": "all"}).status_code == 403
    client.force_login(city.clerk)
    assert "甲县南乡" in client.get(url).content.decode()
    assert url in client.get(reverse("grid-gaps")).content.decode()
    book = openpyxl.load_workbook(BytesIO(client.get(reverse("grid-gaps-workbook")).content))
    assert SOUTH in {cell.value for row in book["旧代码上的岗位"].iter_rows() for cell in row}
    for _ in range(2):
        assert client.post(act, {"do": "all"}).status_code == 302
    assert terms(f"{WEST}101") == [("head", clock.today_beijing(), None)]
    assert "没有留在旧代码上的岗位" in client.get(url).content.decode()
    assert url not in client.get(reverse("grid-gaps")).content.decode()


def test_the_command_tells_who_is_left_and_carries_what_is_named(city: City):
    recode(city, since=clock.today_beijing())

    def asked(*words: str) -> dict:
        out = StringIO()
        call_command("grid", "carry", "新版", *words, "--json", stdout=out)
        return json.loads(out.getvalue())

    assert [one["to"] for one in asked()["left"]] == [{f"{WEST}101": "甲县南乡"}]
    done = asked("--to", f"{SOUTH}={WEST}101", "--as", "clerk")
    assert (done["started"], done["left"]) == (1, [])
