"""What the demonstration refuses."""

from __future__ import annotations

import pytest

from core.errors import Conflict
from demo.services.load import load_demo
from journal.record.services import deployment_set, record


@pytest.mark.django_db
def test_a_deployment_in_real_use_never_becomes_the_demonstration() -> None:
    deployment_set(actor=None, name="真实部署")
    record("user.password_set", ("grids.user", 1), None)
    with pytest.raises(Conflict) as refused:
        load_demo()
    assert refused.value.code == "deployment_in_use"
