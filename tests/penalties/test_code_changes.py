"""What was charged to a county's old code is seen by the department of the new one (policy.md §2e)."""

from datetime import date

import pytest

from grids.people.successions import succession_set
from grids.roles import PostKind
from penalties.batches import steps
from penalties.selectors import batches_visible_to, payers_open_to
from tests.factories import points as make
from tests.factories.city import IN_WEST, WEST, City, person

pytestmark = pytest.mark.django_db
NEW = "210599"


def test_the_successor_sees_the_batches_of_the_old_code(city: City):
    make.final(city, at=IN_WEST)
    batch = steps.batch_build(month="2023-10", actor=city.clerk)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    heir = person("heir", PostKind.COUNTY, NEW)
    assert not batches_visible_to(heir).exists()
    succession_set(
        old_code=WEST,
        new_code=NEW,
        name="甲市",
        valid_from=date(2023, 12, 1),
        document_no="国函〔2023〕1号",
        actor=city.clerk,
    )
    assert batches_visible_to(heir).get() == batch
    assert payers_open_to(heir) == {WEST, NEW}
