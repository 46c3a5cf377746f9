"""`cotloom compare` and `cotloom verify-text`: the verifier on single answers and texts."""

import sys
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from ..terminal import encode_json, print_data, print_json, print_text
from . import options as opt

Gold = Annotated[str | None, Argument(metavar="[GOLD]", help="The gold answer.")]
Given = Annotated[str | None, Argument(metavar="[ANSWER]", help="The answer to compare with it.")]
TypeName = Annotated[str, Option("--type", metavar="TYPE", help="The type of the answer, or auto: as the gold looks.")]
Choices = Annotated[
    list[str] | None, Option("--choice", metavar="TEXT", help="An option of the question; give each, in order.")
]
Pairs = Annotated[
    Path | None,
    Option("--jsonl", metavar="FILE", help="Rows with answer_type, gold and answer; each gets outcome and detail."),
]
ToleranceOption = Annotated[
    str | None,
    Option(metavar="AMOUNT", help="How far numbers may lie apart: 0.5, or a share of the gold answer, 1%."),
]
TextFile = Annotated[Path | None, Argument(metavar="[FILE]", help="The text. Left out: stdin.")]
GoldOption = Annotated[str | None, Option("--gold", metavar="ANSWER", help="The gold answer.")]
Question = Annotated[str, Option(metavar="TEXT", help="The question that the text answers.")]
Pattern = Annotated[str | None, Option(metavar="REGEX", help="A pattern with one group, in place of all rules.")]
Hinted = Annotated[bool, Option("--hinted", help="The teacher was shown the gold answer: look for parroting.")]


def compare_answers(
    gold: Gold = None,
    answer: Given = None,
    type_name: TypeName = "auto",
    choices: Choices = None,
    pairs: Pairs = None,
    tolerance: ToleranceOption = None,
    as_json: opt.Json = False,
) -> int:
    """Compare an answer with a gold answer. Exit 1 where they are not equal; with --jsonl, 0."""
    from ..errors import InputError
    from ..files import read_rows
    from ..verify import ComparisonOutcome, compare_safely
    from .text_check import compare_rows, parse_tolerance, parse_type, render_comparison

    allowed = None if tolerance is None else parse_tolerance(tolerance)
    if pairs is not None:
        rows = compare_rows(read_rows(pairs), str(pairs), allowed)
        print_data(f"{encode_json(row, indent=None)}\n" for row in rows)
        return 0
    if gold is None or answer is None:
        raise InputError("two answers are compared", hint="cotloom compare --type number 18 '$18.00'")
    kind = parse_type(type_name, gold, choices or ())
    comparison = compare_safely(gold, answer, kind, tuple(choices or ()), allowed)
    if as_json:
        print_json(
            {
                "answer_type": kind,
                "gold": gold,
                "answer": answer,
                "outcome": comparison.outcome,
                "detail": comparison.detail,
            }
        )
    else:
        print_text(render_comparison(gold, answer, kind, comparison))
    return 0 if comparison.outcome is ComparisonOutcome.EQUAL else 1


def verify_text(
    file: TextFile = None,
    type_name: TypeName = "auto",
    gold: GoldOption = None,
    choices: Choices = None,
    question: Question = "",
    pattern: Pattern = None,
    hinted: Hinted = False,
    as_json: opt.Json = False,
) -> int:
    """Say what is read of a text, how it compares with the gold answer, and each step. Exit 1 where it is dropped."""
    from ...schemas.sample import Hint
    from ..report.console import make_console
    from .text_check import TextQuestion, check_text, parse_type, render_text_check

    asked = TextQuestion(
        answer_type=parse_type(type_name, gold, choices or ()),
        gold=gold,
        question=question,
        choices=tuple(choices or ()),
        hint=Hint.HINTED if hinted else Hint.NONE,
        pattern=pattern,
    )
    found = check_text(_read_file(file), asked)
    print_json(found) if as_json else make_console().print(render_text_check(found))
    return 1 if found.get("reason") else 0


def _read_file(file: Path | None) -> str:
    """Read a text.

    Raises:
        InputError: the file can't be read, or is no UTF-8.
    """
    from ..errors import InputError

    try:
        return sys.stdin.read() if file is None else file.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file or 'the text'} is not UTF-8: {error}") from error
