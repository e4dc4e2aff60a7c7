"""The joint record beside its verification: who came, and which burnt sites it names (C11)."""

from django.db import models
from django.db.models import F, Q

from core.db.immutable import AppendOnlyModel
from firepoints.models.evidence import Evidence, Verification
from firepoints.models.points import FirePoint


class JointAttendance(AppendOnlyModel):
    """Whether a party came to the joint verification. Staying away gives no veto (C11), and counts after served notices.

    `is_registered_number`: a number that somebody typed, without papers; an absence rests on one in old rows alone.
    """

    class Outcome(models.TextChoices):
        PRESENT = "present", "到场"
        ABSENT = "absent", "缺席"
        REFUSED = "refused", "拒签"

    verification = models.ForeignKey(Verification, models.PROTECT, related_name="attendances")
    party = models.CharField("单位", max_length=80)
    county_code = models.CharField(max_length=20, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    signer = models.CharField(max_length=60, blank=True)
    notices_sent = models.PositiveSmallIntegerField("通知次数", default=0)
    first_served_on = models.DateField("第一次送达", null=True, blank=True)
    last_served_on = models.DateField("最后一次送达", null=True, blank=True)
    is_registered_number = models.BooleanField("登记数", default=False)
    dissent = models.CharField("不同意见", max_length=300, blank=True)

    class Meta:
        db_table = "fire_joint_attendance"
        constraints = [
            models.CheckConstraint(
                condition=~Q(outcome="present") | ~Q(signer=""),
                name="present_party_signed",
                violation_error_message="到场的单位要有签字人",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="absent")
                | Q(is_registered_number=True, notices_sent__gte=1)
                # Neither day empty: an unknown comparison would pass.
                | Q(first_served_on__isnull=False, last_served_on__isnull=False)
                & Q(notices_sent__gte=1, last_served_on__gte=F("first_served_on")),
                name="absent_after_served_notice",
                violation_error_message="通知送达后仍不到场才算缺席",
            ),
        ]


class ServedNotice(AppendOnlyModel):
    """A paper by which a party was called to the joint verification: when it was served, on whom, and its scan."""

    attendance = models.ForeignKey(JointAttendance, models.PROTECT, related_name="notices")
    seq = models.PositiveSmallIntegerField()
    served_on = models.DateField("送达日期")
    addressee = models.CharField("受送达人", max_length=80)
    scan = models.ForeignKey(Evidence, models.PROTECT, related_name="+")

    class Meta:
        db_table = "fire_served_notice"
        ordering = ["attendance", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["attendance", "seq"], name="one_notice_per_seq"),
            models.UniqueConstraint(fields=["attendance", "scan"], name="one_notice_per_scan"),
            models.CheckConstraint(condition=~Q(addressee=""), name="notice_has_addressee"),
        ]


class JointSite(AppendOnlyModel):
    """The burnt site that a joint record found: where it is (WGS-84 degrees), whose, and how large. A record that names
    several (`total`) divides its point, so that each 处 has its own verification and its own site.

    `position_county` is the county in which the position lies; another one that pays is a dissent with its reason and
    document. `footprint_distance_m`: metres from what the sensors saw, 0 inside.
    """

    verification = models.OneToOneField(Verification, models.PROTECT, related_name="joint_site")
    point = models.ForeignKey(FirePoint, models.PROTECT, related_name="joint_sites")
    seq = models.PositiveSmallIntegerField("第几处")
    total = models.PositiveSmallIntegerField("共几处")
    lon = models.FloatField()
    lat = models.FloatField()
    county_code = models.CharField(max_length=20)
    position_county = models.CharField(max_length=20)
    burnt_mu = models.DecimalField("过火面积（亩）", max_digits=9, decimal_places=2, null=True, blank=True)
    footprint_distance_m = models.FloatField(null=True, blank=True)
    reason = models.CharField("定为另一县（区）的理由", max_length=300, blank=True)
    document = models.ForeignKey(Evidence, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        db_table = "fire_joint_site"
        ordering = ["verification", "seq"]
        constraints = [
            models.CheckConstraint(condition=Q(seq__gte=1, total__gte=F("seq")), name="site_of_the_record"),
            models.CheckConstraint(
                condition=Q(county_code=F("position_county")) | (~Q(reason="") & Q(document__isnull=False)),
                name="other_county_has_document",
                violation_error_message="定为地点以外的县（区），要有理由和文件",
            ),
            models.CheckConstraint(condition=Q(burnt_mu__isnull=True) | Q(burnt_mu__gt=0), name="site_area_positive"),
        ]
