"""The demonstration's people: heads of every cell (with a few gaps left open), and accounts that can sign in."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from core import clock
from demo import pictures
from demo.names import invented_name, invented_phone
from demo.services import logins
from grids.models import Edition, User
from grids.people.letters import Scan, letters_record_below
from grids.people.posts import designate, post_create, term_start, user_create
from grids.people.roster import RosterRow, roster_load
from grids.roles import ROLE_LABELS, ROLE_OF_POST, Level, PostKind

SINCE = date(2022, 1, 1)
DESIGNATION = "演示〔2022〕1号"
CITY = "2105"
OFFICE = "演示市生态环境局"
INSPECTED = ("210521102", "210522110", "210504011")
VACANT = {Level.TOWNSHIP: 1, Level.VILLAGE: 4, Level.GROUP: 20}
UNSIGNED_VILLAGES = 12
UNIT_ENDING = {Level.CITY: "人民政府", Level.COUNTY: "人民政府", Level.TOWNSHIP: "", Level.VILLAGE: "", Level.GROUP: ""}


@dataclass(frozen=True, slots=True)
class Account:
    """One account that can sign in: its name, post and cell. `title` tells apart two posts of a kind on one cell."""

    username: str
    kind: PostKind
    cell: str
    title: str
    unit: str


def accounts(counties: list[tuple[str, str]], townships: dict[str, str]) -> list[Account]:
    """The accounts, in the order in which they are listed; the first is the one that a visitor should try."""
    city = [
        Account("clerk", PostKind.BUREAU, CITY, "经办员", OFFICE),
        Account("officer", PostKind.BUREAU, CITY, "执法员", OFFICE),
        Account("recogniser", PostKind.RECOGNISER, CITY, "认定负责人", OFFICE),
        Account("finance", PostKind.FINANCE, CITY, "预算科", "演示市财政局"),
        Account("auditor", PostKind.AUDITOR, CITY, "审计员", "演示市审计局"),
    ]
    departments = [
        Account(f"county{code}", PostKind.COUNTY, code, "秸秆禁烧核实岗", f"{name}指定部门（演示）")
        for code, name in counties
    ]
    inspectors = [
        Account(f"inspector{at}", PostKind.INSPECTOR, code, "禁烧巡查员", townships[code])
        for at, code in enumerate(INSPECTED, start=1)
    ]
    # What takes two persons takes a second 认定人; last, so that the names of the others stay as they were.
    second = Account("recogniser2", PostKind.RECOGNISER, CITY, "认定副负责人", OFFICE)
    return [*city, *departments, *inspectors, second]


def people_ready(*, edition: Edition, seed: int, actor: User) -> list[logins.Login]:
    """Make the accounts that are not there yet. Returns the logins of this run, which are also in the file of logins by then."""
    cells = list(edition.cells.order_by("level", "code").values_list("level", "code", "name"))
    counties = [(code, name) for level, code, name in cells if level == Level.COUNTY]
    townships = {code: name for level, code, name in cells if level == Level.TOWNSHIP}
    staff = accounts(counties, townships)
    roster_load(rows=list(_heads(cells, seed, after=len(staff))), starts=SINCE, actor=actor, reason="演示名册")
    usernames = set(
        User.objects.filter(username__in=[account.username for account in staff]).values_list("username", flat=True)
    )
    # One transaction with the file: an account whose password nobody has would be of no use.
    with transaction.atomic():
        new_logins = [
            _open(account, at, actor) for at, account in enumerate(staff) if account.username not in usernames
        ]
        if new_logins:
            logins.write(new_logins)
    return new_logins


def _open(account: Account, at: int, actor: User) -> logins.Login:
    name = invented_name(at)
    user, password = user_create(username=account.username, full_name=name, phone=invented_phone(at), actor=actor)
    post = post_create(kind=account.kind, cell_code=account.cell, title=account.title, unit=account.unit, actor=actor)
    term_start(post=post, holder=user, starts=SINCE, actor=actor)
    if account.kind == PostKind.COUNTY:
        designate(county_code=account.cell, post=post, document_no=DESIGNATION, valid_from=SINCE, actor=actor)
    return logins.Login(
        account.username, password, f"{ROLE_LABELS[ROLE_OF_POST[account.kind]]} {account.unit}{account.title}", name
    )


def _heads(cells: list[tuple[str, str, str]], seed: int, *, after: int) -> Iterator[RosterRow]:
    """A head for every cell, a few left vacant on purpose: gaps must be seen."""
    draw = random.Random(seed)  # noqa: S311  not for secrets
    vacant: set[str] = set()
    for vacant_level, number in VACANT.items():
        vacant.update(
            draw.sample([code for level, code, _ in cells if level == vacant_level and code not in INSPECTED], number)
        )
    headed = [cell for cell in cells if cell[1] not in vacant]
    for at, (level, code, name) in enumerate(sorted(headed, key=lambda cell: (len(cell[1]), cell[1])), start=after):
        yield RosterRow(
            cell_code=code,
            level=level,
            kind=PostKind.HEAD,
            username=f"head{code}",
            full_name=invented_name(at),
            phone=invented_phone(at),
            unit=f"{name}{UNIT_ENDING[Level(level)]}",
            is_acting=level == Level.TOWNSHIP and at % 17 == 0,
        )


def letters_ready(*, edition: Edition, seed: int, actor: User) -> int:
    """目标责任书 of this year for most pairs, on a drawn scan; a few villages have not signed with their groups (C3)."""
    today = clock.today_beijing()
    draw = random.Random(seed)  # noqa: S311  not for secrets
    cells = list(edition.cells.exclude(level=Level.GROUP).order_by("code").values_list("level", "code"))
    villages = [code for level, code in cells if level == Level.VILLAGE]
    unsigned = set(draw.sample(villages, UNSIGNED_VILLAGES))
    scan = pictures.scan(f"LETTERS {today.year} (DEMO)")
    return letters_record_below(
        uppers=[code for _, code in cells if code not in unsigned],
        year=today.year,
        signed_on=today,
        scan=Scan(scan, "演示-责任书合订.png"),
        actor=actor,
    )
