"""The column mapping that a person corrected once, remembered by source and issuer, version by version."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Max

from core.errors import BadInput, NotAllowed
from firepoints.models import ColumnMapping, Source
from firepoints.sightings.readers.base import NAME_LIMIT
from firepoints.sightings.readers.fields import BY_PARSER, LABELS
from grids.models import User
from grids.roles import Role
from grids.selectors import roles_of
from journal.record.services import record


def latest_mapping(source: Source, issuer: str) -> ColumnMapping | None:
    """The mapping in force for an issuer's files under a source, or None. An issuer left out is one of its own."""
    return ColumnMapping.objects.filter(source=source, issuer=issuer.strip()).order_by("-version").first()


def remembered(source: Source, issuer: str) -> dict[str, str]:
    """field → heading, as `ParseOptions.mapping` takes it; {} where nothing was set."""
    mapping = latest_mapping(source, issuer)
    return dict(mapping.fields) if mapping else {}


@transaction.atomic
def mapping_set(*, source: Source, issuer: str, fields: Mapping[str, str], actor: User) -> ColumnMapping | None:
    """Remember which column is which field from now on; {} forgets. The same again adds nothing.

    Raises NotAllowed for anyone but the bureau and the system, BadInput for a field that the source does not have or a
    heading that is too long. Two at once: the second meets UNIQUE and is told by IntegrityError.
    """
    if not roles_of(actor) & {Role.BUREAU, Role.SYSTEM}:
        raise NotAllowed("列对应由市局经办设定")
    headings = checked_fields(source, fields)
    last = latest_mapping(source, issuer)
    if headings == (dict(last.fields) if last else {}):
        return last
    version = ColumnMapping.objects.filter(source=source, issuer=issuer.strip()).aggregate(last=Max("version"))["last"]
    row = ColumnMapping.objects.create(
        source=source, issuer=issuer.strip()[:80], version=(version or 0) + 1, fields=headings, actor=actor
    )
    before = dict(last.fields) if last else {}
    entry_after = {"source": source.code, "issuer": row.issuer, "version": row.version, "fields": headings}
    record("import.mapping_set", row, actor, before={"fields": before}, after=entry_after)
    return row


def checked_fields(source: Source, fields: Mapping[str, str]) -> dict[str, str]:
    """`fields` if the source's reader knows them all. Raises BadInput that names the first it does not."""
    reader_fields = BY_PARSER.get(source.parser)
    for field, heading in fields.items():
        if reader_fields is None or field not in reader_fields.spellings:
            raise BadInput(f"来源“{source.name}”没有字段“{field}”", where="列对应", code="bad_mapping")
        if not isinstance(heading, str) or len(heading) > NAME_LIMIT or "\x00" in heading:
            raise BadInput(
                f"“{LABELS.get(field, field)}”对应的表头太长或含有空字符", where="列对应", code="bad_mapping"
            )
    return dict(sorted(fields.items()))
