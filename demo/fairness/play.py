"""A world from its first file to its last batch, everything at its own simulated time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from core import clock
from core.errors import BadInput
from demo.fairness.intake import Intake
from demo.fairness.money import Money
from demo.fairness.office import Office
from demo.fairness.stage import cast_of, know_works
from demo.fairness.truth import Truth
from demo.fairness.worldfile import World


def play(world: World) -> Office:
    """Let it all happen in a deployment that `stage.set_up` has made ready; returns the people with their memories."""
    office = Office(Truth(world), cast_of())
    intake = Intake(office.truth, office.hands)
    events: list[tuple[datetime, int, Callable[[], None]]] = [
        (file.arrives, 0, partial(intake.arrive, file)) for file in world.files
    ]
    for act in world.acts:
        events.append((datetime.fromisoformat(act["at"]), 1, _deed(office, intake, act)))
    events.sort(key=lambda event: event[:2])
    if not events:
        return office
    with clock.simulated(events[0][0]) as hand:
        know_works(world)
        for at, _, run in events:
            hand.set(at)
            run()
    return office


def _deed(office: Office, intake: Intake, act: Mapping[str, Any]) -> Callable[[], None]:
    money = Money(office.hands)
    deeds: dict[str, Callable[[], None]] = {
        "work": office.work,
        "decide": office.decide,
        "visit": lambda: office.verifiers.visit(act["row"]),
        "appeal": lambda: office.appeal(act["row"]),
        "dispute": lambda: office.dispute(act["row"]),
        "withdraw": lambda: intake.withdraw(act["file"]),
        "charge": lambda: money.charge(act["month"]),
        "settle": lambda: money.settle(act["month"]),
    }
    if act["do"] not in deeds:
        raise BadInput(f"不认识的动作 {act['do']!r}，可用：{'、'.join(deeds)}", where="acts.jsonl")
    return deeds[act["do"]]
