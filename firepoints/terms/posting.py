"""The conditions on fire points whose money the ledger does not stand by yet.

`FirePoint.posted_recognition` notes the 认定 that the ledger holds a charge for. Each condition has a partial index that
holds exactly its rows, so that finding what differs costs what differs and not what history has piled up.
"""

from django.db.models import F, Q

from firepoints.terms.states import State

UNPOSTED = Q(state=State.FINAL, posted_recognition__isnull=True)
"""Final, and nothing is charged for it: new, or charged once and given back."""

OUTDATED = Q(posted_recognition__isnull=False) & ~Q(state=State.FINAL, recognition=F("posted_recognition"))
"""Charged for a 认定 that no longer stands: reopened, excluded, merged away, or decided anew."""
