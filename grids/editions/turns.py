"""The turns of activations and decisions: neither reads while the other has read and not yet written."""

from django.db import transaction

from grids.models import Edition


def hold_editions() -> None:
    """Keep the editions as they are until this transaction ends; called before the act reads anything else.

    An activation asks whether a 认定 lies behind it, and a 认定 rests on the borders of its date. Without turns both
    could pass, each unseen by the other. PostgreSQL needs the lock (FOR NO KEY UPDATE, so that rows which name an
    edition still go in); SQLite has one writer, and IMMEDIATE lets it in before it reads. Editions first, then points:
    one order for everybody, so that nobody waits in a circle.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("the turn lasts as long as its transaction: there is none")
    list(Edition.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))
