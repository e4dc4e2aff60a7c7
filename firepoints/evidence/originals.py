"""Where the original of a piece of evidence lies on this machine."""

from pathlib import Path

from django.conf import settings

from firepoints.models import Evidence


def path_of(evidence: Evidence) -> Path:
    """The path of the original."""
    return Path(settings.JINSHAO_HOME) / evidence.stored_as
