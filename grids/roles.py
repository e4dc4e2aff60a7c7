"""Roles and the kinds of post that give them (policy.md C2, C9, C10).

A role is never a property of an account: it follows from a post held today, on the cell where the post stands.
"""

from enum import StrEnum


class Role(StrEnum):
    BUREAU = "bureau"
    RECOGNISER = "recogniser"
    COUNTY = "county"
    INSPECTOR = "inspector"
    FINANCE = "finance"
    AUDITOR = "auditor"
    SYSTEM = "system"


ROLE_LABELS = {
    Role.BUREAU: "市局经办",
    Role.RECOGNISER: "认定人",
    Role.COUNTY: "县（区）指定部门",
    Role.INSPECTOR: "巡查员",
    Role.FINANCE: "财政",
    Role.AUDITOR: "审计",
    Role.SYSTEM: "系统",
}


class Level(StrEnum):
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"
    GROUP = "group"


LEVELS = tuple(Level)
LEVEL_LABELS = {
    Level.CITY: "市",
    Level.COUNTY: "县（区）",
    Level.TOWNSHIP: "乡镇（街道）",
    Level.VILLAGE: "村（社区）",
    Level.GROUP: "组",
}


class PostKind(StrEnum):
    """The kind of a post, by what it is for. The first three answer for a cell; the others work in the system."""

    HEAD = "head"
    DEPUTY = "deputy"
    MEMBER = "member"
    BUREAU = "bureau"
    RECOGNISER = "recogniser"
    COUNTY = "county"
    INSPECTOR = "inspector"
    FINANCE = "finance"
    AUDITOR = "auditor"


POST_KIND_LABELS = {
    PostKind.HEAD: "主要负责人",
    PostKind.DEPUTY: "分管负责人",
    PostKind.MEMBER: "网格员",
    PostKind.BUREAU: "市局经办",
    PostKind.RECOGNISER: "认定人",
    PostKind.COUNTY: "县（区）指定部门",
    PostKind.INSPECTOR: "巡查员",
    PostKind.FINANCE: "财政",
    PostKind.AUDITOR: "审计",
}

RESPONSIBLE_KINDS = (PostKind.HEAD, PostKind.DEPUTY, PostKind.MEMBER)

ROLE_OF_POST = {
    PostKind.BUREAU: Role.BUREAU,
    PostKind.RECOGNISER: Role.RECOGNISER,
    PostKind.COUNTY: Role.COUNTY,
    PostKind.INSPECTOR: Role.INSPECTOR,
    PostKind.MEMBER: Role.INSPECTOR,
    PostKind.FINANCE: Role.FINANCE,
    PostKind.AUDITOR: Role.AUDITOR,
}
