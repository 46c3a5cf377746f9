"""The manifest of a version, and what it is made of.

parts      inputs, files, the funnel
splits     how problems were split, and what overlaps evaluation sets
counts     what was counted of the answers
reviews    what people who read rows decided
manifest   `manifest.json`
builds     `build.json`: the circumstances
"""

from .builds import BuildCalls, BuildRecord
from .counts import (
    Diversity,
    FaultCount,
    HintCount,
    JudgeCount,
    LengthBin,
    MixtureCount,
    RarefactionPoint,
    ReadingCount,
    RowBin,
    ServedModel,
    StageLengths,
    TokenCounts,
)
from .manifest import Manifest, digest_manifest, list_backends, list_changed_teachers, list_teachers, seal_manifest
from .parts import Count, File, FunnelRow, InferredType, Input, ManifestPart, describe_inferred
from .reviews import MeasuredErrors, ReaderAgreement, ReviewSummary
from .splits import Contamination, LargeCluster, SplitLeak, SplitReport, describe_split

__all__ = [
    "BuildCalls",
    "BuildRecord",
    "Contamination",
    "Count",
    "Diversity",
    "FaultCount",
    "File",
    "FunnelRow",
    "HintCount",
    "InferredType",
    "Input",
    "JudgeCount",
    "LargeCluster",
    "LengthBin",
    "Manifest",
    "ManifestPart",
    "MeasuredErrors",
    "MixtureCount",
    "RarefactionPoint",
    "ReaderAgreement",
    "ReadingCount",
    "ReviewSummary",
    "RowBin",
    "ServedModel",
    "SplitLeak",
    "SplitReport",
    "StageLengths",
    "TokenCounts",
    "describe_inferred",
    "describe_split",
    "digest_manifest",
    "list_backends",
    "list_changed_teachers",
    "list_teachers",
    "seal_manifest",
]
