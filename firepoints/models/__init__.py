"""Models of the fire-point app, one file per subject."""

from firepoints.models.attributions import Attribution, AttributionPerson
from firepoints.models.evidence import Evidence, Verification
from firepoints.models.figures import PointFigure
from firepoints.models.hotline import HotlineInformant, HotlineReport, HotlineSeries
from firepoints.models.imports import (
    OUTCOME_OF,
    Detection,
    DetectionKey,
    ImportRun,
    OutcomeCode,
    RawChunk,
    RawRow,
    Supersession,
)
from firepoints.models.intake import (
    ColumnMapping,
    DroppedRow,
    FeedbackDue,
    FeedbackSent,
    FinalWord,
    Mending,
)
from firepoints.models.joint import JointAttendance, JointSite, ServedNotice
from firepoints.models.periods import SpecialPeriod
from firepoints.models.points import (
    DividedPoint,
    FirePoint,
    FormerNumber,
    Membership,
    NumberSeries,
    PointCounty,
    Recognition,
    Step,
)
from firepoints.models.questions import Question
from firepoints.models.reattributions import Reattribution
from firepoints.models.rechecks import Recheck, RecheckDraw, RecheckVisit
from firepoints.models.rulings import Ruling
from firepoints.models.sources import Feed, Source
from firepoints.models.tally import MapCount

__all__ = [
    "OUTCOME_OF",
    "Attribution",
    "AttributionPerson",
    "ColumnMapping",
    "Detection",
    "DetectionKey",
    "DividedPoint",
    "DroppedRow",
    "Evidence",
    "Feed",
    "FeedbackDue",
    "FeedbackSent",
    "FinalWord",
    "FirePoint",
    "FormerNumber",
    "HotlineInformant",
    "HotlineReport",
    "HotlineSeries",
    "ImportRun",
    "JointAttendance",
    "JointSite",
    "MapCount",
    "Membership",
    "Mending",
    "NumberSeries",
    "OutcomeCode",
    "PointCounty",
    "PointFigure",
    "Question",
    "RawChunk",
    "RawRow",
    "Reattribution",
    "Recheck",
    "RecheckDraw",
    "RecheckVisit",
    "Recognition",
    "Ruling",
    "ServedNotice",
    "Source",
    "SpecialPeriod",
    "Step",
    "Supersession",
    "Verification",
]
