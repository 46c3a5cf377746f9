"""Measure the checks of rationales: `python benchmarks/rationales/run.py [--data FOLDER] [--each N] [--half second]`.

False alarms are counted on rationales without faults: GSM8K's gold and right model solutions from FOLDER, and texts of
many task types and languages made of templates by seed. Detection is counted on faults planted in the latter. The
templates of the second half were written after the checks, and seen once before anything was changed for them. Writes
docs/benchmark-rationales.md, or prints one half.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import planted
from texts import HALVES, Case, make_cases, split_text

from cotloom.builder.verify import judge
from cotloom.schemas.problem import Problem
from cotloom.schemas.reasons import Verdict
from cotloom.schemas.recipe import Faults, Verify

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
KINDS = tuple(Faults.model_fields)
NAMES = {"zh": "Chinese", "en": "English", "de": "German", "es": "Spanish", "fr": "French", "ja": "Japanese"}


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--each", type=int, default=100)
    parser.add_argument("--half", choices=HALVES)
    options = parser.parse_args()
    if options.half:
        print("\n".join([*render_clean(options.half, options.each), *render_planted(options.half, options.each)]))
        return
    lines = [*render_head(), *render_real(options.data)]
    for half in HALVES:
        lines += [*render_clean(half, options.each), *render_planted(half, options.each)]
    page = ROOT / "docs" / "benchmark-rationales.md"
    page.write_text("\n".join([*lines, *render_speed(options.data)]) + "\n", encoding="utf-8")
    print(page.read_text("utf-8"))


def render_head() -> Iterator[str]:
    """Render the beginning of the page, with what was seen at first."""
    yield from (Path(__file__).parent / "head.md").read_text("utf-8").splitlines()
    yield ""


def render_real(data: Path) -> Iterator[str]:
    """Render the false alarms on solutions of GSM8K."""
    import verifier  # noqa: PLC0415 - needs the folder above
    import verify_steps  # noqa: PLC0415 - the same

    rows = [
        json.loads(line)
        for name in ("train", "test")
        for line in (data / "gsm8k" / f"{name}.jsonl").read_text("utf-8").splitlines()
    ]
    gold = [(verify_steps.make_problem(row), row["answer"]) for row in rows]
    bare = [(problem, verify_steps.MARK.sub("", text)) for problem, text in gold]
    right = [(problem, text) for problem, text, label in verifier.read_solutions(data) if label]
    yield from [
        "## False alarms on GSM8K",
        "",
        render_row("texts", "n", *KINDS),
        render_row(*["---"] * (2 + len(KINDS))),
    ]
    for name, items in (
        ("gold solutions", gold),
        ("the same without marks", bare),
        ("right model solutions", right),
        ("SVAMP, one equation", read_svamp(data)),
    ):
        found = Counter(fault.kind.value for problem, text in items for fault in judge(problem, text).faults)
        yield render_row(name, f"{len(items):,}", *(found[kind] for kind in KINDS))
    yield ""


def read_svamp(data: Path) -> list[tuple[Problem, str]]:
    """Read SVAMP's questions, each with its equation and its answer as a rationale."""
    rows = json.loads((data / "svamp" / "SVAMP.json").read_text("utf-8"))
    return [
        (
            Problem(
                problem_id="p", source="s", origin="o", question=f"{row['Body']} {row['Question']}",
                answer=f"{row['Answer']:g}",
            ),
            f"{row['Equation']} = {row['Answer']:g}\nThe answer is {row['Answer']:g}",
        )
        for row in rows
    ]  # fmt: skip


def render_clean(half: str, each: int) -> Iterator[str]:
    """Render the false alarms on texts without faults, by task and language."""
    counts: Counter[tuple[str, str]] = Counter()
    found: Counter[tuple[str, str, str]] = Counter()
    templates: Counter[tuple[str, str]] = Counter()
    for case in make_cases(half, each):
        key = (case.language, case.task)
        counts[key] += 1
        found.update({(*key, kind): 1 for kind in find_kinds(case, case.text)[0]})
    templates.update({key: count // each for key, count in counts.items()})
    yield f"## False alarms on the {half} half of the templates"
    yield ""
    yield f"Each template was filled {each} times; cells are texts with a false alarm."
    yield ""
    yield render_row("language", "task", "templates", "texts", *KINDS)
    yield render_row(*["---"] * (4 + len(KINDS)))
    for language, task in sorted(counts):
        cells = (found[language, task, kind] for kind in KINDS)
        key = (language, task)
        yield render_row(NAMES[language], task.replace("_", " "), templates[key], f"{counts[key]:,}", *cells)
    sums = (sum(count for (*_, name), count in found.items() if name == kind) for kind in KINDS)
    yield render_row("**all**", "", sum(templates.values()), f"{sum(counts.values()):,}", *sums)
    yield ""


def render_planted(half: str, each: int) -> Iterator[str]:
    """Render how many planted faults are found."""
    planted.HALF[0] = half
    cases = list(make_cases(half, max(1, each // 4)))
    yield f"## Planted faults found, {half} half of the templates"
    yield ""
    languages = [name for name in NAMES if any(case.language == name for case in cases)]
    shown = [NAMES[name] for name in languages]
    yield render_row("planted", "called", "n", "found", "of those with a right answer", *shown)
    yield render_row(*["---"] * (5 + len(shown)))
    for name, (kind, plant) in planted.PLANTS.items():
        yield render_planted_row(name, kind, list(plant_all(cases, plant, half)), languages)
    yield ""


def plant_all(cases: Sequence[Case], plant: planted.Plant, half: str) -> Iterator[tuple[Case, str]]:
    """Plant a fault in each case that has a place for it."""
    draw = random.Random(f"{half}:{plant}")
    for case in cases:
        text = plant(case, cases, draw)
        if text is not None:
            yield case, text


def render_planted_row(name: str, kind: str, items: Iterable[tuple[Case, str]], languages: Sequence[str]) -> str:
    """Render one kind of planted fault."""
    counts: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for case, text in items:
        kinds, verdict = find_kinds(case, text)
        keys = ["all", case.language, *(["right"] if verdict is Verdict.CORRECT else [])]
        counts.update(keys)
        found.update(keys if kind in kinds else [])
    shares = [format_share(found[key], counts[key]) for key in ("all", "right", *languages)]
    return render_row(
        name, f"`{kind}`", f"{counts['all']:,}", shares[0], f"{shares[1]} of {counts['right']:,}", *shares[2:]
    )


def find_kinds(case: Case, text: str) -> tuple[set[str], Verdict]:
    """Find the faults of a text, as a build does, and its verdict."""
    reasoning, response = split_text(text)
    found = judge(case.problem, response, reasoning=reasoning)
    return {fault.kind.value for fault in found.faults}, found.verdict


def format_share(found: int, count: int) -> str:
    """Format a share; a dash where there is nothing."""
    return f"{found / count:.1%}" if count else "-"


def render_row(*cells: object) -> str:
    """Render a row of a table."""
    return f"| {' | '.join(map(str, cells))} |"


def render_speed(data: Path) -> Iterator[str]:
    """Render what the checks cost beside all else that judging does, in one run."""
    import verify_steps  # noqa: PLC0415 - needs the folder above

    from cotloom.builder.select import read_method  # noqa: PLC0415 - for this part only
    from cotloom.builder.text.equations import find_equations  # noqa: PLC0415 - the same
    from cotloom.schemas.sample import Part  # noqa: PLC0415 - the same

    rows = [json.loads(line) for line in (data / "gsm8k" / "train.jsonl").read_text("utf-8").splitlines()][:2_000]
    items = [(verify_steps.make_problem(row), row["answer"]) for row in rows]
    policies = (Verify(faults=Faults(**dict.fromkeys(KINDS, "ignore"))), Verify())
    best = [[float("inf")] * 20 for _ in policies]
    for _ in range(5):
        for times, policy in zip(best, policies, strict=True):
            verify_steps.forget()
            for part in range(20):
                before = time.process_time()
                for problem, text in items[part * 100 : part * 100 + 100]:
                    equations = find_equations(text)
                    judge(problem, text, equations={Part.TEXT: equations}, policy=policy)
                    read_method(text, equations)
                times[part] = min(times[part], time.process_time() - before)
    without, with_checks = (sum(times) / len(items) for times in best)
    yield "## Speed"
    yield ""
    yield (
        f"GSM8K's solutions judged and signed, nothing remembered, one core: {1 / without:,.0f} a second without these"
        f" checks, {1 / with_checks:,.0f} with them; they take {1 - without / with_checks:.0%}."
    )


if __name__ == "__main__":
    main()
