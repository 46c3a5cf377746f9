"""Check up anybody's dataset: what is in its rows, whatever its card says. Nothing of Cotloom's is needed for it.

    columns     which columns hold what; `infer.infer_dataset` finds them
    files       its tables; `card` what its page states
    pieces      the facts of a chunk of rows, in any process: `questions`, `responses`, overlaps with evaluation sets
    facts       the facts of all rows as frames
    checks      one table of all checks: what each looks for (`row_checks`, `response_checks`), and what to do about it
    run         all of it

A finding counts, cites file and row, and says what to do next. What was not looked at is said. Law 7: texts are data.
"""

from .card import DatasetCard, read_card
from .checks import CHECKS
from .columns import DatasetColumns, Inference, ResponseColumn
from .files import DatasetFile, find_page, list_dataset_files
from .finding import CitedRow, DatasetFinding, Severity
from .run import DatasetOptions, DatasetReport, audit_dataset

__all__ = [
    "CHECKS",
    "CitedRow",
    "DatasetCard",
    "DatasetColumns",
    "DatasetFile",
    "DatasetFinding",
    "DatasetOptions",
    "DatasetReport",
    "Inference",
    "ResponseColumn",
    "Severity",
    "audit_dataset",
    "find_page",
    "list_dataset_files",
    "read_card",
]
