"""Durable jobs of this app."""

from typing import Any

from firepoints.services.objections import lapse_due
from firepoints.services.people_change import JOB as PEOPLE_CHANGED
from firepoints.services.people_change import people_changed
from journal import jobs

LAPSE = "firepoints.lapse"
A_CHUNK = 200


@jobs.handler(LAPSE, label="登记异议期满")
def lapse(payload: dict[str, Any]) -> None:
    """Record the objection windows that are over; what is left waits for the next slot."""
    lapse_due(limit=A_CHUNK)


jobs.periodic(LAPSE, every_s=300)


@jobs.handler(PEOPLE_CHANGED)
def say_people_anew(payload: dict[str, Any]) -> None:
    """Fires of the days that a term entered late reaches back to."""
    people_changed(payload)
