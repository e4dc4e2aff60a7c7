"""The nightly check of the ledger: silent when well, a failed job that people see when not."""

import pytest

from penalties.batches import steps
from penalties.models import Batch, LedgerEntry
from penalties.tasks import LedgerAlarm, check_ledger
from tests.factories import points as make


def test_a_sound_ledger_passes_and_nothing_is_posted(city):
    make.final(city)
    steps.batch_build(month="2023-10", actor=city.clerk)
    check_ledger({})
    assert LedgerEntry.objects.count() == 1


def test_a_frozen_batch_that_was_tampered_with_raises_the_alarm(city):
    make.final(city)
    batch = steps.batch_build(month="2023-10", actor=city.clerk)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    Batch.objects.filter(pk=batch.pk).update(content_hash="0" * 64)
    with pytest.raises(LedgerAlarm, match="摘要不一致"):
        check_ledger({})
