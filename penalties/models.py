"""What it costs: rules as data, the append-only ledger, and batches tied to their documents (C12, C13)."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core import clock
from core.db.immutable import AppendOnlyModel
from core.month import Month, span_words
from firepoints.models import FirePoint, Recognition
from firepoints.terms.states import Basis


class Rule(AppendOnlyModel):
    """One version of a city's rule; the fire's burning date (Beijing) picks it (policy.md §2f, §8)."""

    code = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=120)
    document_no = models.CharField("依据文号", max_length=80)
    clause = models.CharField("条款", max_length=40, blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField("失效日（不含）", null=True, blank=True)
    definition = models.JSONField()

    class Meta:
        db_table = "penalty_rule"
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="one_rule_per_version"),
            models.UniqueConstraint(fields=["valid_from"], name="one_rule_per_start"),
        ]

    def __str__(self) -> str:
        return f"{self.document_no}{self.clause} v{self.version}"

    @property
    def ref(self) -> str:
        return f"{self.code}@{self.version}"


class BatchState(models.TextChoices):
    OPEN = "open", "编制中"
    FROZEN = "frozen", "已冻结"
    SUBMITTED = "submitted", "已报送"
    APPROVED = "approved", "市政府已同意"
    SENT = "sent", "已送财政"
    SETTLED = "settled", "已扣缴"
    RETURNED = "returned", "已退回"


class ReturnKind(models.TextChoices):
    """How a batch came to stand for nothing: before it left the house, or because the city government did not agree."""

    EMPTIED = "emptied", "已清空"
    RECALLED = "recalled", "已撤回"
    REFUSED = "refused", "已退回"


_FROM_FROZEN = ("frozen", "submitted", "approved", "sent", "settled")
_FROM_SUBMITTED = _FROM_FROZEN[1:]
_FROM_APPROVED = _FROM_FROZEN[2:]
_FROM_SENT = _FROM_FROZEN[3:]


class Batch(models.Model):
    """A deduction batch. Each later state is tied by a CHECK to the facts of every earlier one, so SQL cannot skip."""

    # The last month of its span, by which batches are counted and named.
    month = models.CharField("所属月", max_length=7)
    first_month = models.CharField("起始月", max_length=7)
    with_earlier = models.BooleanField("连同以前未入账的", default=True)
    seq = models.PositiveSmallIntegerField("当月第几批", default=1)
    state = models.CharField(max_length=10, choices=BatchState.choices, default=BatchState.OPEN)
    version = models.PositiveIntegerField(default=1)
    cut_off = models.DateTimeField("截止时刻")
    created_at = models.DateTimeField(default=clock.now)
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    frozen_at = models.DateTimeField(null=True, blank=True)
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    content_hash = models.CharField("明细摘要", max_length=64, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_on = models.DateField("报送日期", null=True, blank=True)
    submit_doc_no = models.CharField("请示文号", max_length=80, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_on = models.DateField("批件日期", null=True, blank=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    approval_doc_no = models.CharField("批件文号", max_length=80, blank=True)
    approval_file = models.CharField("批件扫描件", max_length=200, blank=True)
    approval_sha256 = models.CharField(max_length=64, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_on = models.DateField("送财政日期", null=True, blank=True)
    sent_doc_no = models.CharField("函文号", max_length=80, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    # The hash of a frozen batch runs over its entries up to this one; what undoes them comes after it.
    last_entry_id = models.BigIntegerField("冻结时台账末号", null=True, blank=True)
    # What was left out for its questions when the batch was frozen: [{point_id, number, payer_code, payer_name, why}].
    left_out = models.JSONField("未列入", default=list, blank=True)
    return_kind = models.CharField("退回方式", max_length=10, choices=ReturnKind.choices, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True)
    returned_on = models.DateField("退回日期", null=True, blank=True)
    returned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    return_reason = models.CharField("退回理由", max_length=500, blank=True)
    return_doc_no = models.CharField("退件文号", max_length=80, blank=True)
    return_file = models.CharField("退件扫描件", max_length=200, blank=True)
    return_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "penalty_batch"
        ordering = ["-month", "-seq"]
        constraints = [
            models.UniqueConstraint(fields=["month", "seq"], name="one_batch_per_month_seq"),
            models.UniqueConstraint(fields=["state"], condition=Q(state="open"), name="one_open_batch"),
            models.CheckConstraint(condition=Q(state__in=BatchState.values), name="batch_state_known"),
            models.CheckConstraint(
                condition=Q(first_month__lte=F("month")),
                name="batch_span_ordered",
                violation_error_message="批次的起始月不能晚于所属月",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=_FROM_FROZEN)
                | (Q(frozen_at__isnull=False, checked_by__isnull=False) & ~Q(content_hash="")),
                name="frozen_batch_is_hashed",
                violation_error_message="冻结的批次必须有明细摘要和审核人",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=_FROM_SUBMITTED)
                | (Q(submitted_at__gte=F("frozen_at"), submitted_on__isnull=False)),
                name="submitted_after_freeze",
                violation_error_message="先冻结，再报送",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=_FROM_APPROVED)
                | (
                    Q(approved_at__gte=F("submitted_at"), approved_on__isnull=False)
                    & ~Q(approval_doc_no="")
                    & ~Q(approval_file="")
                ),
                name="approved_with_document",
                violation_error_message="市政府同意要有批件文号、日期和扫描件（四(二)）",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=_FROM_SENT) | Q(sent_at__gte=F("approved_at"), sent_on__isnull=False),
                name="sent_after_approval",
                violation_error_message="市政府同意后才能送财政（四(二)）",
            ),
            models.CheckConstraint(
                condition=~Q(state="settled") | Q(settled_at__gte=F("sent_at")),
                name="settled_after_sending",
                violation_error_message="送财政后才能扣缴",
            ),
            models.CheckConstraint(
                condition=(~Q(state="returned") & Q(return_kind=""))
                | (
                    Q(state="returned", returned_at__isnull=False, returned_on__isnull=False)
                    & Q(returned_by__isnull=False, return_kind__in=ReturnKind.values)
                    & ~Q(return_reason="")
                ),
                name="returned_with_ground",
                violation_error_message="撤回、退回或清空的批次要有方式、日期、经办人和理由",
            ),
        ]

    def __str__(self) -> str:
        more = f"（第{self.seq}批）" if self.seq > 1 else ""
        return f"{self.span}批次{more}"

    @property
    def last_month(self) -> str:
        """The last month of its span: `month` under the name that it has beside `first_month`."""
        return self.month

    @property
    def span(self) -> str:
        """Its months in words."""
        return span_words(Month.parse(self.first_month), Month.parse(self.month))

    @property
    def lower_bound(self) -> str:
        """The month before which no fire is taken, or "": what is late from earlier months comes along."""
        return "" if self.with_earlier else self.first_month

    @property
    def is_month_over(self) -> bool:
        """Whether its last month was over at the cut-off (Beijing)."""
        return clock.beijing_date(self.cut_off) > Month.parse(self.month).last_day

    @property
    def state_words(self) -> str:
        """The state as a person reads it: of a batch that stands no more, how it came to that."""
        return ReturnKind(self.return_kind).label if self.return_kind else BatchState(self.state).label


class LedgerEntry(AppendOnlyModel):
    """One charge or its reversal. `balance_fen` after it is 0 or the pinned amount, so nothing is charged twice."""

    point = models.ForeignKey(FirePoint, models.PROTECT, related_name="ledger")
    seq = models.PositiveIntegerField()
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="entries")
    recognition = models.ForeignKey(Recognition, models.PROTECT, related_name="+")
    amount_fen = models.BigIntegerField()
    balance_fen = models.BigIntegerField()
    pinned_fen = models.BigIntegerField()
    reverses = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="reversed_by")
    payer_code = models.CharField(max_length=20)
    payer_name = models.CharField(max_length=80)
    month = models.CharField("起火月", max_length=7)
    basis = models.CharField(max_length=10, choices=Basis.choices)
    rule = models.ForeignKey(Rule, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "penalty_entry"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["point", "seq"], name="one_entry_per_seq"),
            models.CheckConstraint(
                condition=Q(balance_fen=0) | Q(balance_fen=F("pinned_fen")), name="balance_zero_or_pinned"
            ),
            models.CheckConstraint(
                condition=Q(reverses__isnull=True, amount_fen=F("pinned_fen"), balance_fen=F("pinned_fen"))
                | Q(reverses__isnull=False, amount_fen=-F("pinned_fen"), balance_fen=0),
                name="entry_charges_or_reverses",
            ),
            models.CheckConstraint(condition=Q(pinned_fen__gt=0), name="pinned_is_positive"),
        ]
        indexes = [
            models.Index(fields=["batch", "payer_code"], name="entry_batch_ix"),
            models.Index(fields=["month", "payer_code"], name="entry_month_ix"),
        ]

    @property
    def rule_ref(self) -> str:
        return self.rule.ref


class BatchLine(AppendOnlyModel):
    """One payer's line as frozen, zeros too; never changed afterwards."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    payer_code = models.CharField(max_length=20)
    payer_name = models.CharField(max_length=80)
    group = models.CharField(max_length=20, blank=True)
    count = models.IntegerField("火点数（处）")
    satellite = models.IntegerField()
    inspection = models.IntegerField()
    scar = models.IntegerField()
    amount_fen = models.BigIntegerField()
    cumulative_count = models.IntegerField()
    cumulative_fen = models.BigIntegerField()

    class Meta:
        db_table = "penalty_batch_line"
        ordering = ["batch", "position"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "payer_code"], name="one_line_per_payer"),
            models.CheckConstraint(
                condition=Q(count=F("satellite") + F("inspection") + F("scar")), name="line_columns_add_up"
            ),
        ]


class VoucherReply(AppendOnlyModel):
    """财政回执: finance's own workbook of vouchers as it came, with what became of its rows; the same bytes once."""

    sha256 = models.CharField(max_length=64, unique=True)
    filename = models.CharField(max_length=200)
    stored_as = models.CharField(max_length=200)
    counts = models.JSONField("行数", default=dict)
    rejected = models.JSONField("退回的行", default=list)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "penalty_voucher_reply"
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.filename


class Voucher(AppendOnlyModel):
    """凭证: one of finance's vouchers for one payer; its parts (`Settlement`) settle lines of one batch or of several.

    `amount_fen` is what finance's workbook states, which the parts add up to; null where it was entered line by line.
    """

    voucher_no = models.CharField("凭证号", max_length=80)
    payer_code = models.CharField(max_length=20)
    payer_name = models.CharField(max_length=80)
    settled_on = models.DateField("扣缴日期")
    amount_fen = models.BigIntegerField("凭证金额（分）", null=True, blank=True)
    reply = models.ForeignKey(VoucherReply, models.PROTECT, null=True, blank=True, related_name="vouchers")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "penalty_voucher"
        constraints = [
            models.UniqueConstraint(
                fields=["voucher_no", "payer_code", "settled_on"], name="one_voucher_per_payer_day"
            ),
            models.CheckConstraint(condition=~Q(voucher_no=""), name="voucher_has_number"),
            models.CheckConstraint(
                condition=Q(reply__isnull=True, amount_fen__isnull=True)
                | (Q(reply__isnull=False, amount_fen__isnull=False) & ~Q(amount_fen=0)),
                name="voucher_of_reply_has_amount",
                violation_error_message="财政回执里的凭证要有金额",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.voucher_no} {self.payer_name}"


class Settlement(AppendOnlyModel):
    """已扣缴: the part of one voucher that settles one line, or part of it (C13, 体制结算)."""

    voucher = models.ForeignKey(Voucher, models.PROTECT, related_name="parts")
    line = models.ForeignKey(BatchLine, models.PROTECT, related_name="settlements")
    voucher_no = models.CharField("凭证号", max_length=80)
    settled_on = models.DateField("扣缴日期")
    amount_fen = models.BigIntegerField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "penalty_settlement"
        constraints = [
            models.CheckConstraint(condition=~Q(voucher_no=""), name="settlement_has_voucher"),
            models.UniqueConstraint(fields=["line", "voucher_no"], name="one_voucher_per_line"),
        ]


class BatchDocument(AppendOnlyModel):
    """A document that was made for or filed with a batch, with the journal head printed on it."""

    class Kind(models.TextChoices):
        REQUEST = "request", "请示"
        APPROVAL = "approval", "批件"
        RETURN = "return", "退件"
        LETTER = "letter", "函"
        WORKBOOK = "workbook", "汇总表"
        VOUCHER = "voucher", "凭证"

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    title = models.CharField(max_length=200)
    filename = models.CharField(max_length=200)
    stored_as = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    journal_head = models.CharField(max_length=90, blank=True)
    is_draft = models.BooleanField(default=False)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "penalty_document"


class Circular(AppendOnlyModel):
    """A 通报 as it was made: the period, what it said (frozen, hashed), the journal head printed on it (C14)."""

    starts_on = models.DateField("起火日起")
    ends_on = models.DateField("起火日止（含）")
    title = models.CharField(max_length=200)
    points = models.PositiveIntegerField("火点数（处）")
    content = models.JSONField("内容")
    content_hash = models.CharField("内容摘要", max_length=64)
    journal_head = models.CharField(max_length=90)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "penalty_circular"
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="circular_period_ordered"),
            models.CheckConstraint(condition=~Q(content_hash=""), name="circular_is_hashed"),
        ]

    def __str__(self) -> str:
        return self.title


class CircularDocument(AppendOnlyModel):
    """One edition of a 通报 as it was filed: the full one, and the public one without villages and positions (C21)."""

    class Kind(models.TextChoices):
        FULL = "full", "通报"
        PUBLIC = "public", "公开版"

    circular = models.ForeignKey(Circular, models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    filename = models.CharField(max_length=200)
    stored_as = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)

    class Meta:
        db_table = "penalty_circular_doc"
        constraints = [models.UniqueConstraint(fields=["circular", "kind"], name="one_paper_per_edition")]


class CircularIssue(AppendOnlyModel):
    """That a 通报 went out, under which number, and when it was reported to the city government; once (C14)."""

    circular = models.OneToOneField(Circular, models.PROTECT, related_name="issue")
    doc_no = models.CharField("文号", max_length=80)
    issued_on = models.DateField("印发日期")
    reported_on = models.DateField("报送市政府日期")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "penalty_circular_issue"
        constraints = [models.CheckConstraint(condition=~Q(doc_no=""), name="issued_circular_has_number")]
