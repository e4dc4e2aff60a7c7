"""The calendar of the demonstration: the month it is told of, and the days on which its files come and its batch is worked.

Pure. Every time is the story's day number laid on the calendar from the first of the month, in whole days: two months
tell the same story, and nothing but the first day depends on the clock of the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from core.clock import BEIJING
from core.month import Month
from demo.story import BATCH, LAST_DAY, LEADS, SET_UP, STEEL_WORKS, STORIES, Moment, Story, Works

LEAD_CHANNELS = frozenset(("N20", "N"))
FIRMS_AT, PATROL_AT, LIST_AT = time(8, 30), time(9, 30), time(10, 0)
FIRMS_DAYS = 4
"""Somebody downloads at least so often; besides, on every morning on which a list or a patrol tells of a lead too."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file to come: when it arrives (Beijing) and the first and the last day that it tells of."""

    arrives: datetime
    first: date
    last: date

    def covers(self, day: date) -> bool:
        """Whether the file tells of this day."""
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Plan:
    """The story on the calendar. `first` is the first day of the month whose batch goes to finance."""

    first: date
    stories: Sequence[Story] = STORIES
    leads: Sequence[Story] = LEADS
    works: Sequence[Works] = STEEL_WORKS

    @property
    def month(self) -> str:
        """The month as YYYY-MM."""
        return str(Month.of(self.first))

    def date(self, day: int) -> date:
        """The date of a day of the story, 1 being the first of the month."""
        return self.first + timedelta(days=day - 1)

    def at(self, moment: Moment) -> datetime:
        """The Beijing time of a moment of the story."""
        day, hour, minute = moment
        return datetime.combine(self.date(day), time(hour, minute), BEIJING)

    @property
    def set_up(self) -> datetime:
        """The time at which borders and people are made."""
        return self.at(SET_UP)

    @property
    def last_act(self) -> datetime:
        """The end of the story: nothing happens after it."""
        return max(map(self.at, BATCH.values()))

    def firms(self) -> list[Delivery]:
        """The FIRMS downloads (UTC days); each repeats the last day of the one before, as people download.

        A fire's leads are there before the list or the patrol that proves it: they come first and decide nothing.
        """
        days = set[int]()
        for story in self.stories:
            if LEAD_CHANNELS & story.channels:
                days |= found_on(story) | {last for first, last in self._issues() if _is_listed(story, first, last)}
        deliveries: list[Delivery] = []
        begins = 1
        for day in range(1, LAST_DAY + 1):
            if day in days or day - begins + 1 >= FIRMS_DAYS or day == LAST_DAY:
                deliveries.append(self._next_morning(FIRMS_AT, begins, day))
                begins = day
        return deliveries

    def lists(self) -> list[Delivery]:
        """The province's lists: each of a day with fires, or of two such days on end, sent the next morning."""
        return [self._next_morning(LIST_AT, first, last) for first, last in self._issues()]

    def patrols(self) -> list[Delivery]:
        """The patrols' findings: one file for each day on which something was found, the next morning."""
        days = {day for story in self.stories for day in found_on(story)}
        return [self._next_morning(PATROL_AT, day, day) for day in sorted(days)]

    def arrival(self, story: Story) -> datetime:
        """The time at which the last file that tells of this fire has come; downloads count only where nothing else tells of it."""
        comes = [
            each.arrives for each in self.lists() if "list" in story.channels and each.covers(self.date(story.day))
        ]
        for day in found_on(story):
            comes += [each.arrives for each in self.patrols() if each.covers(self.date(day))]
        if not comes:
            comes = [next(each.arrives for each in self.firms() if each.covers(self.date(story.day)))]
        return max(comes)

    def _issues(self) -> list[tuple[int, int]]:
        issues: list[tuple[int, int]] = []
        for day in sorted({story.day for story in self.stories if "list" in story.channels}):
            if issues and issues[-1] == (day - 1, day - 1):
                issues[-1] = (day - 1, day)
            else:
                issues.append((day, day))
        return issues

    def _next_morning(self, hour: time, first: int, last: int) -> Delivery:
        # Not on the dot: people send when they have it.
        minutes = timedelta(minutes=last * 7 % 23)
        arrives = datetime.combine(self.date(last + 1), hour, BEIJING) + minutes
        return Delivery(arrives, self.date(first), self.date(last))


def found_on(story: Story) -> set[int]:
    """The days on which a patrol meets this fire: flames the same day, a scar the day after."""
    flames = {story.day} if {"fire", "self"} & story.channels else set[int]()
    return flames | ({story.day + 1} if "scar" in story.channels else set())


def _is_listed(story: Story, first: int, last: int) -> bool:
    return "list" in story.channels and first <= story.day <= last


def plan_of(month: str) -> Plan:
    """The plan of a month YYYY-MM."""
    return Plan(Month.parse(month).first_day)


def plan_on(today: date) -> Plan:
    """The last month whose whole story lies before `today` (a Beijing date)."""
    first = today.replace(day=1)
    while Plan(first).last_act.date() >= today:
        first = (first - timedelta(days=1)).replace(day=1)
    return Plan(first)
