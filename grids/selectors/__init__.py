"""Reads of the app: editions and cells, posts and the people in them, who pays, what a user may see."""

from grids.selectors.editions import (
    cell_names,
    children_of,
    edition_for,
    edition_now,
    editions_in_force,
    groups_to_choose,
    level_of_code,
    root_code,
)
from grids.selectors.payers import PayerRow, payer_for, payers_listed
from grids.selectors.people import (
    PersonRow,
    designated_posts,
    is_designated,
    mask_phone,
    names_of,
    people_for,
    post_cells,
    posts_held,
    roles_of,
    system_user,
    user_named,
)
from grids.selectors.scope import JOURNAL_READERS, Scope, cells_visible_to, may_operate, may_read_journal, scope_of

__all__ = [
    "JOURNAL_READERS",
    "PayerRow",
    "PersonRow",
    "Scope",
    "cell_names",
    "cells_visible_to",
    "children_of",
    "designated_posts",
    "edition_for",
    "edition_now",
    "editions_in_force",
    "groups_to_choose",
    "is_designated",
    "level_of_code",
    "mask_phone",
    "may_operate",
    "may_read_journal",
    "names_of",
    "payer_for",
    "payers_listed",
    "people_for",
    "post_cells",
    "posts_held",
    "roles_of",
    "root_code",
    "scope_of",
    "system_user",
    "user_named",
]
