"""A home with settled batches goes forward: spans, the end of each freezing and the vouchers are carried, and verify holds."""

import pytest

from core.db import triggers
from penalties import checks
from penalties.batches import steps
from penalties.models import Batch, Settlement, Voucher
from tests.factories import points as make
from tests.factories.city import IN_EAST
from tests.factories.migrating import migrate_forward, migrate_to
from tests.penalties.test_batches import approved, clock

BEFORE = [("penalties", "0002_circulars")]


@pytest.mark.embedded
@pytest.mark.django_db(transaction=True)
def test_a_home_of_before_keeps_its_batches_and_vouchers_through_the_migrations(city, scan_file) -> None:
    make.final(city)
    make.final(city, at=IN_EAST)
    batch = approved(city, scan_file)
    steps.batch_send(batch_id=batch.pk, actor=city.clerk)
    steps.batch_settle(batch_id=batch.pk, actor=city.finance, voucher_no="凭1", settled_on=clock.today_beijing())
    last = batch.entries.order_by("-pk").first().pk
    columns = ("line_id", "voucher_no", "settled_on", "amount_fen", "recorded_by_id", "at")
    before = list(Settlement.objects.order_by("pk").values_list("pk", *columns))
    try:
        migrate_to(BEFORE)
        migrate_forward("penalties")
    finally:
        migrate_forward()
    batch = Batch.objects.get()
    assert (batch.first_month, batch.month, batch.with_earlier, batch.last_entry_id) == (
        "2023-10",
        "2023-10",
        True,
        last,
    )
    assert list(Settlement.objects.order_by("pk").values_list("pk", *columns)) == before
    assert [(v.voucher_no, v.amount_fen, v.parts.count()) for v in Voucher.objects.order_by("pk")] == [
        ("凭1", None, 1), ("凭1", None, 1),
    ]  # fmt: skip
    assert triggers.missing() == []
    assert checks.check() == []
