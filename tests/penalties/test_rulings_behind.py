"""No ruling reaches behind a batch that went to the city government (policy.md §2)."""

from datetime import date, timedelta

import pytest

from core.errors import Conflict
from firepoints.models import Ruling
from penalties.batches import steps
from tests.factories import points as make
from tests.factories.city import City
from tests.factories.rulings import ruled

pytestmark = pytest.mark.django_db


def test_a_ruling_reaches_behind_an_open_batch_and_not_behind_one_that_is_submitted(city: City):
    point = make.final(city)
    batch = steps.batch_build(month="2023-10", actor=city.clerk)
    ruled(city, "objection_days", 7, point.burn_date)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    steps.batch_submit(batch_id=batch.pk, actor=city.clerk)
    for key, on in (("objection_days", point.burn_date - timedelta(days=1)), ("charge.city.patrol", point.burn_date)):
        with pytest.raises(Conflict) as refused:
            ruled(city, key, 9 if key == "objection_days" else False, on)
        assert refused.value.code == "ruling_behind_batch"
        assert str(point.burn_date + timedelta(days=1)) in refused.value.message
    assert ruled(city, "objection_days", 9, point.burn_date + timedelta(days=1)).value == 9
    assert Ruling.objects.filter(accepted_by=city.recogniser, valid_from__gte=date(2023, 10, 1)).count() == 2
