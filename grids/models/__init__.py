"""The tables of places and of who answers for them: users, boundary editions, cells, posts and terms (C2, C10,
policy.md §2e)."""

from grids.models.editions import Cell, Edition
from grids.models.letters import Letter
from grids.models.loading import CellChange, ColumnMemory, Division, EditionImport, EditionReport
from grids.models.overlays import Overlay
from grids.models.payers import Payer, PayerArea, Succession
from grids.models.posts import Designation, Post, Term
from grids.models.rosters import PhoneCheck, RosterImport
from grids.models.tokens import ApiToken, TokenScope
from grids.models.users import User

__all__ = [
    "ApiToken",
    "Cell",
    "CellChange",
    "ColumnMemory",
    "Designation",
    "Division",
    "Edition",
    "EditionImport",
    "EditionReport",
    "Letter",
    "Overlay",
    "Payer",
    "PayerArea",
    "PhoneCheck",
    "Post",
    "RosterImport",
    "Succession",
    "Term",
    "TokenScope",
    "User",
]
