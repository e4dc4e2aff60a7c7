"""The facts that a rule looks at reach it from the records, and a fact that lacks is said at 认定 (M2, M10)."""

import pytest
from django.test import Client

from core.errors import Missing
from firepoints.models import FirePoint
from penalties.ledger import posting
from penalties.ledger.difference import Charge
from tests.factories import points as make
from tests.factories.city import EAST, IN_WEST, ON_THE_BORDER, City, build_city
from tests.penalties.conftest import RULE, add_rule

BY_TOWNSHIP = {
    **RULE, "code": "by-township", "base": {"kind": "doubling", "first_fen": 100_000_000},
    "count": {"scope": "township", "reset": "year"},
}  # fmt: skip


@pytest.fixture
def city(db) -> City:
    """The city before its rule is loaded."""
    return build_city()


def of_another_county(city: City) -> FirePoint:
    """A point settled for a county in which it does not lie: it has no township there."""
    point = make.joint(city, at=ON_THE_BORDER)
    paper = make.scan(point, city.clerk)
    site = {
        "lon": 123.799, "lat": 41.2502, "county_code": EAST, "reason": "飞地由乙县管", "document": str(paper.uuid)
    }  # fmt: skip
    data = {"conclusion": "true", "attendances": make.attendance(), "evidence": make.uuids(paper), "sites": [site]}
    return make.take(point, "settle_jointly", city.clerk, **data)


def charges() -> dict[int, Charge]:
    return posting.charges_of(frozenset(FirePoint.objects.values_list("pk", flat=True)))


def test_a_point_without_the_township_that_its_rule_counts_by_is_refused_at_the_act(city: City) -> None:
    add_rule(BY_TOWNSHIP)
    with pytest.raises(Missing, match="按乡镇（街道）计次，这一处还没有乡镇"):
        make.take(of_another_county(city), "recognise", city.recogniser, reason="属实")


def test_one_such_point_of_before_stops_neither_the_home_page_nor_the_others(city: City) -> None:
    point = make.take(of_another_county(city), "recognise", city.recogniser, reason="属实")
    point = make.take(make.take(point, "notify", city.clerk), "waive", city.east, document_no="演示函1号")
    other = make.final(city, at=IN_WEST)
    add_rule(BY_TOWNSHIP)

    assert {pk: charge.amount_fen for pk, charge in charges().items()} == {point.pk: 0, other.pk: 100_000_000}
    client = Client()
    client.force_login(city.clerk)
    assert client.get("/").status_code == 200
    assert "没有乡镇（街道）" in client.get(f"/fire-points/{point.pk}/").content.decode()


def test_a_large_burnt_area_that_somebody_measured_counts_as_a_first_fire(city: City) -> None:
    tiers = [{"from": 1, "amount_fen": 10_000_000}, {"from": 2, "amount_fen": 1_000_000}]
    by_county = {"scope": "county", "reset": "year"}
    base = {"kind": "ordinal_tiers", "tiers": tiers}
    add_rule({**RULE, "code": "large", "base": base, "count": by_county, "counts_as_first_mu": 500})
    first, small, large = (
        make.final(city, at=(lon, 41.25), burnt={"burnt_mu": mu, "measured_by": "walked"})
        for lon, mu in ((123.72, "2"), (123.74, "499.9"), (123.76, "500"))
    )
    amounts = {pk: charge.amount_fen for pk, charge in charges().items()}
    assert amounts == {first.pk: 10_000_000, small.pk: 1_000_000, large.pk: 10_000_000}
