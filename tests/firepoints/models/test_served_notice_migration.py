"""An absence of before keeps its number, and is marked as one that no paper proves."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from firepoints.models import JointAttendance
from tests.factories import points as make
from tests.factories.city import EAST, City
from tests.factories.migrating import migrate_forward, migrate_to


@pytest.mark.embedded
@pytest.mark.django_db(transaction=True)
def test_an_absence_of_before_is_marked_as_a_registered_number(city: City) -> None:
    verification = make.verified(city).verification.pk
    loader = MigrationExecutor(connection).loader
    after = next(key for key in loader.graph.nodes if key[0] == "firepoints" and key[1].endswith("_served_notices"))
    before = next(key for key in loader.graph.node_map[after].parents if key.key[0] == "firepoints").key
    try:
        migrate_to([before])
        row = (
            MigrationExecutor(connection).loader.project_state([before]).apps.get_model("firepoints", "JointAttendance")
        )
        row.objects.create(
            verification_id=verification, party="乙县", county_code=EAST, outcome="absent", notices_sent=2
        )
    finally:
        migrate_forward()
    absence = JointAttendance.objects.get()
    assert (absence.notices_sent, absence.is_registered_number, absence.first_served_on) == (2, True, None)
    assert not JointAttendance(outcome="present").is_registered_number
