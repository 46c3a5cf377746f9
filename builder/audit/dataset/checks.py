"""All checks of a dataset: what each looks for, how bad it is, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from ....schemas.reasons import Verdict
from ...text.layouts import TraceShape
from . import response_checks as responses
from . import row_checks as rows
from .facts import Facts, Find, Found, match_responses, match_rows
from .finding import CitedRow, DatasetFinding, Severity

SHOWN = 3
"""So many places are named by a finding."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """A check of a dataset."""

    name: str
    """Its name."""
    find: Find
    """Finds what it looks for."""
    says: str
    """What is wrong, behind the number and the unit: `1,203 rows <says>`."""
    next_step: str
    """What to do about it."""
    severity: Severity = Severity.WARNING
    """How bad it is."""
    error_from: float = 2.0
    """From this share on it is an error."""
    least_share: float = 0.0
    """Below this share nothing stands out, and there is no finding."""


CHECKS: Sequence[Check] = (
    Check(
        name="unreadable_rows",
        find=rows.find_unreadable,
        says="can't be read, or have no question",
        next_step="repair or remove them; if the columns were taken wrongly, name them with --fields",
        severity=Severity.ERROR,
    ),
    Check(
        name="repeated_rows",
        find=rows.find_repeated_rows,
        says="repeat another one to the letter: question, gold answer and responses",
        next_step="keep each once; state the number of distinct rows as the size of the dataset",
        error_from=0.01,
    ),
    Check(
        name="rewritten_questions",
        find=rows.find_rewritten,
        says="are another one in other letters: they differ in case, white space, punctuation or markup only",
        next_step="keep one row of each; `cotloom build` does so (sources.duplicates: normalized)",
    ),
    Check(
        name="near_duplicates",
        find=rows.find_near,
        says="are nearly the same as another one: more than 80 % of their three-word runs",
        next_step="put them on one side of a split; `cotloom build` joins variations to clusters (docs/splits.md)",
    ),
    Check(
        name="contradicting_golds",
        find=rows.find_contradicting_golds,
        says="have several gold answers that differ",
        next_step="find out which is right; until then, drop all rows of these questions",
        severity=Severity.ERROR,
    ),
    Check(
        name="missing_golds",
        find=rows.find_missing_golds,
        says="have no gold answer, and others have one",
        next_step="drop them, or judge them by agreement (verify.consensus)",
    ),
    Check(
        name="voted_golds",
        find=rows.find_voted_golds,
        says="have the vote of a majority in place of a gold answer",
        next_step="say so wherever the data is described: nothing proves that these answers are right",
    ),
    Check(
        name="unreadable_golds",
        find=match_rows(pl.col("gold_fault").is_not_null(), pl.col("gold_fault")),
        says="have a gold answer that can't be read in its type",
        next_step="name another type or the pattern of the answer with --fields type=…,pattern=…, or repair them",
    ),
    Check(
        name="answer_in_question",
        find=match_rows(pl.col("leak").is_not_null(), pl.col("leak")),
        says="state their own answer in the question",
        next_step="remove the answer from the question, or the row: a model only has to copy it",
        severity=Severity.ERROR,
    ),
    Check(
        name="crosses_splits",
        find=rows.find_crossing,
        says="to test on are in the training split, too",
        next_step="remove them from the training split; results on this test split say nothing",
        severity=Severity.ERROR,
    ),
    Check(
        name="evaluation_overlap",
        find=rows.find_overlaps,
        says="are those of an evaluation set, or nearly",
        next_step="remove them before you train: decontaminate.against in a recipe does so, with the evidence",
        severity=Severity.ERROR,
    ),
    Check(
        name="evaluation_overlap_masked",
        find=rows.find_masked_overlaps,
        says="are those of an evaluation set with other numbers or names",
        next_step="look at the pairs; remove them before you train: decontaminate.against in a recipe does so",
        severity=Severity.ERROR,
    ),
    Check(
        name="links_in_questions",
        find=match_rows(pl.col("link").is_not_null(), pl.col("link")),
        says="ask about an address, an image or a figure that is not part of the text",
        next_step="drop what can't be answered without it",
    ),
    Check(
        name="other_languages",
        find=rows.find_other_languages,
        says="ask in another language than nearly all",
        next_step="if they are not meant to be there, drop them",
    ),
    Check(
        name="garbled_text",
        find=match_rows(pl.col("garbled").is_not_null(), pl.col("garbled")),
        says="have characters that were decoded wrongly",
        next_step="decode the original again as UTF-8; U+FFFD can't be repaired",
    ),
    Check(
        name="card_unreadable",
        find=rows.find_card_fault,
        says="have metadata that can't be read",
        next_step="repair the YAML at the beginning of README.md",
    ),
    Check(
        name="card_rows",
        find=rows.find_wrong_counts,
        says="have another number of rows than their card says",
        next_step="make the card from the data; if rows are missing, download them again",
        severity=Severity.ERROR,
    ),
    Check(
        name="card_size",
        find=rows.find_wrong_size,
        says="state another size than the data has",
        next_step="correct size_categories in README.md",
        severity=Severity.ERROR,
    ),
    Check(
        name="card_license",
        find=rows.find_missing_license,
        says="name no licence",
        next_step="ask the authors, and state it: license: … in README.md",
    ),
    Check(
        name="empty_responses",
        find=match_responses(pl.col("is_empty")),
        says="are empty",
        next_step="drop them",
        error_from=0.01,
    ),
    Check(
        name="empty_traces",
        find=match_responses(
            (pl.col("thought") == "empty") & ~pl.col("is_empty"), pl.format("{}", "layout"), pl.col("thought") != "none"
        ),
        says="set a thought apart that says nothing",
        next_step="drop them, or train on them as answers without reasoning: they teach not to think",
        error_from=0.01,
    ),
    Check(
        name="unclosed_tags",
        find=match_responses(pl.col("shape") == TraceShape.UNCLOSED.value, pl.col("layout")),
        says="begin their reasoning and never end it",
        next_step="drop them: a parser takes the answer for reasoning, or finds none",
        severity=Severity.ERROR,
    ),
    Check(
        name="unopened_tags",
        find=responses.find_unopened,
        says="end their reasoning and never begin it, and others do",
        next_step="write both tags, or leave the first to the chat template everywhere",
    ),
    Check(
        name="nested_tags",
        find=match_responses(pl.col("shape") == TraceShape.NESTED.value, pl.col("layout")),
        says="begin their reasoning again within it",
        next_step="look at them: a parser that takes the first end cuts the reasoning in its middle",
    ),
    Check(
        name="several_layouts",
        find=responses.find_several_layouts,
        says="set their reasoning apart in another way than the others",
        next_step="convert them to one layout; importing them as recorded answers does so (docs/importing.md)",
    ),
    Check(
        name="repeated_responses",
        find=responses.find_repeated_responses,
        says="repeat another one to the same question to the letter",
        next_step="keep each once, or the question weighs more than others",
        error_from=0.05,
    ),
    Check(
        name="shared_responses",
        find=responses.find_shared_responses,
        says="are the same as a response to another question",
        next_step="look at them: rows may have been shifted or joined wrongly",
    ),
    Check(
        name="cut_off",
        find=match_responses(pl.col("cut_off")),
        says="were cut off by a limit, as their own rows say",
        next_step="drop them, or sample them again with more tokens",
    ),
    Check(
        name="cut_ends",
        find=match_responses(
            pl.col("cut").is_not_null() | pl.col("cut_trace").is_not_null(),
            pl.coalesce("cut", "cut_trace"),
            responses.JUDGED & ~pl.col("cut_off"),
        ),
        says="end in their middle",
        next_step="drop them, or sample them again with more tokens",
        least_share=0.01,
    ),
    Check(
        name="contradicted_labels",
        find=responses.find_wrong_labels,
        says="have a label that the verifier contradicts",
        next_step="look at the examples; judge the data again before you train on labels like these",
        severity=Severity.ERROR,
    ),
    Check(
        name="wrong_responses",
        find=responses.find_wrong_responses,
        says="come to another answer than the gold answer",
        next_step="drop them, unless wrong responses are meant: `cotloom build` on them as recorded answers does so",
    ),
    Check(
        name="suspect_golds",
        find=responses.find_suspect_golds,
        says="have responses that agree on another answer than the gold answer",
        next_step="solve some by hand: where responses agree, the gold answer may be wrong",
    ),
    Check(
        name="no_answer",
        find=match_responses(
            pl.col("verdict") == Verdict.NO_ANSWER.value,
            None,
            pl.col("verdict").is_not_null() & ~pl.col("cut_off"),
        ),
        says="state no final answer",
        next_step="drop them, or ask for a marked answer when you sample",
        least_share=0.01,
    ),
    Check(
        name="wrong_steps",
        find=match_responses(
            pl.col("wrong_step").is_not_null(),
            pl.col("wrong_step"),
            responses.JUDGED & (responses.IS_CORRECT | pl.col("verdict").is_null()),
        ),
        says="write a wrong equation, and their answer is right or not known to be wrong",
        next_step="drop them: a right answer behind a wrong step teaches the step (verify.steps: drop)",
    ),
    Check(
        name="loops",
        find=match_responses(pl.col("loop").is_not_null(), pl.col("loop"), responses.JUDGED),
        says="say the same over and over",
        next_step="drop them",
    ),
    Check(
        name="refusals",
        find=match_responses(pl.col("refusal").is_not_null(), pl.col("refusal"), responses.JUDGED),
        says="refuse to answer",
        next_step="drop them",
    ),
    Check(
        name="foreign_responses",
        find=match_responses(pl.col("foreign").is_not_null(), pl.col("foreign"), responses.JUDGED),
        says="are in another language than their question",
        next_step="drop them, unless they are meant",
    ),
)
"""All checks, in the order in which equally bad findings stand."""


def run_checks(facts: Facts) -> tuple[list[DatasetFinding], list[str], list[str]]:
    """Run all checks.

    Returns:
        The findings, the worst first and of equally bad ones those of the largest share; the names of the checks that
        found nothing; and of those that had nothing to look at.
    """
    found = [(check, check.find(facts)) for check in CHECKS]
    skipped = [check.name for check, each in found if each is None or each.total == 0]
    raised = [(check, each) for check, each in found if each is not None and _is_raised(check, each)]
    findings = [_make_finding(facts, check, each) for check, each in raised]
    names = {check.name for check, _ in raised}
    passed = [check.name for check in CHECKS if check.name not in names and check.name not in skipped]
    worst = list(Severity)
    return sorted(findings, key=lambda each: (worst.index(each.severity), -each.share)), passed, skipped


def _is_raised(check: Check, found: Found) -> bool:
    return found.count > 0 and found.count >= check.least_share * found.total


def _make_finding(facts: Facts, check: Check, found: Found) -> DatasetFinding:
    is_error = check.severity is Severity.ERROR or found.count >= check.error_from * found.total
    more = f"; {found.more}" if found.more else ""
    share = f" ({_format_share(found.count, found.total)})" if found.total > 1 else ""
    return DatasetFinding(
        check=check.name,
        severity=Severity.ERROR if is_error else Severity.WARNING,
        message=f"{found.count:,} of {found.total:,} {found.unit}{share} {check.says}{more}",
        count=found.count,
        total=found.total,
        unit=found.unit,
        places=tuple(_list_places(facts, found.places.head(SHOWN))),
        next_step=check.next_step,
    )


def _format_share(count: int, total: int) -> str:
    """Format a share so that a small one is not nothing, and not all is not everything.

    >>> _format_share(1, 3), _format_share(1, 100_000), _format_share(99_999, 100_000)
    ('33.3 %', '< 0.1 %', '> 99.9 %')
    """
    share = count / total
    if 0 < share < 0.001:
        return "< 0.1 %"
    return "> 99.9 %" if 0.999 < share < 1 else f"{share:.1%}".replace("%", " %")


def _list_places(facts: Facts, places: pl.DataFrame) -> list[CitedRow]:
    """List places with what was found there, or the beginning of the question."""
    if places.is_empty():
        return []
    quoted = places.join(facts.read_quotes(places), on=["file", "row"], how="left", maintain_order="left")
    return [
        CitedRow(file=facts.files[row["file"]].name, row=row["row"], quote=row["detail"] or row["quote"] or "")
        for row in quoted.iter_rows(named=True)
    ]
