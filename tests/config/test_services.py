"""The run stands on what it says it stands on."""

import os

import pytest
from django.db import connection


@pytest.mark.django_db
@pytest.mark.embedded
def test_the_run_is_on_the_database_it_was_asked_for() -> None:
    wanted = "sqlite" if os.environ.get("JINSHAO_TEST_DB") == "sqlite" else "postgresql"
    assert connection.vendor == wanted
    if wanted == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode")
            assert cursor.fetchone() == ("wal",)
            cursor.execute("PRAGMA foreign_keys")
            assert cursor.fetchone() == (1,)


def test_a_message_goes_through_the_real_broker() -> None:
    if os.environ.get("JINSHAO_TEST_DB") == "sqlite":
        pytest.skip("the embedded run has no Valkey")
    import redis

    client = redis.Redis.from_url(os.environ["CELERY_BROKER_URL"])
    client.lpush("jinshao-test", "wake up")
    assert client.rpop("jinshao-test") == b"wake up"
