"""What SQL by hand cannot do either: the CHECKs are the truth."""

import pytest
from django.db import IntegrityError, connection, transaction

from core import clock
from core.errors import NotAllowed
from firepoints import checks
from firepoints.models import FirePoint, Recognition
from tests.factories import points as make
from tests.factories.city import City, hold

pytestmark = pytest.mark.embedded


def refused_by_database(sql: str, params: list | None = None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params or [])


def test_who_verified_cannot_recognise_even_with_both_posts(city: City) -> None:
    hold(city.clerk, "recogniser", "2105")
    point = make.suspected(source="patrol")
    own = make.photo(point, city.clerk)
    point = make.take(point, "verify_own", city.clerk, conclusion="true", evidence=make.uuids(own))

    with pytest.raises(NotAllowed, match="核实人、上传佐证的人不能认定同一火点"):
        make.take(point, "recognise", city.clerk, reason="我说了算")
    with pytest.raises(NotAllowed):
        make.take(point, "exclude", city.clerk, reason="我说了算")
    assert make.take(point, "recognise", city.recogniser, reason="证据充分").counted


def test_sql_by_hand_cannot_make_one_person_both(city: City) -> None:
    good = make.recognised(city).recognition
    twin = {field.attname: getattr(good, field.attname) for field in Recognition._meta.concrete_fields}
    twin |= {"id": None, "seq": 2, "recognised_by_id": good.verified_by_id}
    with pytest.raises(IntegrityError), transaction.atomic():
        Recognition.objects.bulk_create([Recognition(**twin)])


def test_a_decision_on_file_cannot_be_changed(city: City) -> None:
    make.recognised(city)
    refused_by_database("UPDATE fire_recognition SET counted = %s", [False])
    refused_by_database("DELETE FROM fire_step")
    refused_by_database("DELETE FROM fire_verification_ev")


def test_a_point_under_joint_verification_is_owned_by_nobody(city: City) -> None:
    point = make.joint(city)
    refused_by_database("UPDATE fire_point SET county_code = '210590' WHERE id = %s", [point.pk])


def test_no_state_is_reached_without_its_facts(city: City) -> None:
    point = make.suspected()
    for state in ("dispatched", "joint", "verified", "recognised", "objection", "final", "merged", "closed", "heaven"):
        refused_by_database("UPDATE fire_point SET state = %s WHERE id = %s", [state, point.pk])
    done = make.verified(city)
    refused_by_database("UPDATE fire_point SET state = 'recognised', counted = %s WHERE id = %s", [True, done.pk])
    refused_by_database("UPDATE fire_point SET counted = %s WHERE id = %s", [True, done.pk])


def test_an_excluded_point_goes_no_further(city: City) -> None:
    point = make.take(make.negative(city), "exclude", city.recogniser, reason="荒草")
    refused_by_database(
        "UPDATE fire_point SET state = 'final', final_at = %s, final_by = 'lapsed' WHERE id = %s",
        [clock.now(), point.pk],
    )


def test_a_sighting_belongs_to_one_point_only(city: City) -> None:
    point = make.suspected()
    with pytest.raises(IntegrityError), transaction.atomic():
        make.create_point(detections=[point.memberships.get().detection], actor=city.system)


def test_the_cross_check_finds_a_borrowed_name(city: City) -> None:
    make.final(city)
    assert checks.problems() == []
    good = make.recognised(city).recognition
    forged = {field.attname: getattr(good, field.attname) for field in Recognition._meta.concrete_fields}
    forged |= {"id": None, "seq": 2, "verified_by_id": city.auditor.pk}
    Recognition.objects.bulk_create([Recognition(**forged)])
    assert any("核实人与核实记录不符" in problem for problem in checks.problems())


def test_the_cross_check_finds_a_state_without_its_step(city: City) -> None:
    point = make.dispatched(city)
    FirePoint.objects.filter(pk=point.pk).update(state="suspected")
    assert any("最后一步不符" in problem for problem in checks.problems())
