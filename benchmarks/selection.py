"""What selecting paths costs, with 40 rationales a problem: `make bench-select`.

    python benchmarks/selection.py [--data FOLDER] [--problems N]

FOLDER holds gsm8k/model_solutions.jsonl (OpenAI's grade-school-math release): four solutions of each problem by
language models. They are reworded by rule, by seed, until there are 40. CPU seconds of this process are counted, on one
core; both sides of a ratio take turns in one run. Writes docs/benchmark-select.md.
"""

import argparse
import json
import platform
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from statistics import mean, median

import polars as pl
from rapidfuzz.fuzz import ratio
from rapidfuzz.process import cdist

from cotloom.builder.select import find_duplicates, pick_rows, read_method
from cotloom.builder.select.samples import Readers, make_readers
from cotloom.builder.text.meaning import has_same_meaning
from cotloom.builder.text.normalizing import normalize
from cotloom.builder.text.similarity import NormalText, find_near_duplicates, read_text
from cotloom.schemas.recipe import Select

ROOT = Path(__file__).resolve().parent.parent
EACH = 40
LEAST = 0.9
TURNS = 3
OPENINGS = ("So ", "Then ", "Thus ", "Therefore, ", "Now ", "Next, ", "We know that ", "As we see, ", "In this case ")
SYNONYMS = (("total", "sum"), ("each", "every"), ("There are", "We have"), ("will", "would"), ("makes", "gets"))
SWAP = re.compile(r"(\d+) ?([+*]) ?(\d+)")


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--problems", type=int, default=300)
    arguments = parser.parse_args()
    groups = make_groups(arguments.data / "gsm8k" / "model_solutions.jsonl", arguments.problems)
    normal = {text: read_text(text) for group in groups for text in group}
    lines = [*render_head(groups), *render_near(groups, normal), *render_all(groups, normal), *render_lengths(groups)]
    page = ROOT / "docs" / "benchmark-select.md"
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(page.read_text("utf-8"))


def make_groups(path: Path, problems: int) -> list[list[str]]:
    """Make 40 rationales for each of some problems, no two of which are the same once they are normalized."""
    groups = []
    for number, line in enumerate(path.read_text("utf-8").splitlines()[:problems]):
        chance = Random(number)
        solutions = (item["solution"] for item in json.loads(line).values() if isinstance(item, dict))
        group = {normalize(text): text for text in solutions}
        while len(group) < EACH:
            text = reword(chance.choice(list(group.values())), chance)
            group.setdefault(normalize(text), text)
        groups.append(list(group.values()))
    return groups


def reword(text: str, chance: Random) -> str:
    """Change a text by one rule: another opening of a line, another word, or operands that are swapped."""
    lines = text.split("\n")
    place = chance.randrange(len(lines))
    line = lines[place]
    rules: tuple[Callable[[], str], ...] = (
        lambda: chance.choice(OPENINGS) + line[:1].lower() + line[1:],
        lambda: line.replace(*chance.choice(SYNONYMS)),
        lambda: SWAP.sub(r"\3 \2 \1", line, count=1),
    )
    lines[place] = chance.choice(rules)()
    return "\n".join(lines)


def measure(*sides: Callable[[], object]) -> list[float]:
    """CPU seconds of each side: the median of several turns, taken in turn."""
    seconds: list[list[float]] = [[] for _ in sides]
    for _ in range(TURNS):
        for place, side in enumerate(sides):
            start = time.process_time()
            side()
            seconds[place].append(time.process_time() - start)
    return [median(turns) for turns in seconds]


def render_head(groups: Sequence[Sequence[str]]) -> list[str]:
    """Render the beginning of the page, with the rate of normalizing."""
    texts = [text for group in groups for text in group]
    plain, read = measure(lambda: [normalize(text) for text in texts], lambda: [read_text(text) for text in texts])
    return [
        "# Benchmark: selecting paths",
        "",
        f"Made by `make bench-select` (`benchmarks/selection.py`): Python {platform.python_version()}, CPU time of one",
        f"core, medians of {TURNS} turns. The machine is not quiet: read the ratios. {len(groups)} problems of GSM8K",
        f"with {EACH} rationales each: solutions of four language models, and rewordings by rule (an opening, a",
        f"synonym, swapped operands), {mean(map(len, texts)):.0f} characters on average, all distinct once normalized.",
        "",
        f"Normalizing: {len(texts) / plain:,.0f} texts in a CPU second; {len(texts) / read:,.0f} with what near",
        "duplicates must share (numbers, signs, negations, words of content). The rest is measured with normalized",
        "texts.",
        "",
    ]


def find_by_matrix(texts: Sequence[NormalText], matrix: Sequence[Sequence[float]]) -> dict[int, int]:
    """Find near duplicates in the whole matrix: the nearest earlier text with the same marks and meaning."""
    found: dict[int, int] = {}
    for place, text in enumerate(texts):
        near = [
            (-matrix[place][leader], leader)
            for leader in range(place)
            if leader not in found
            and matrix[place][leader] >= 100 * LEAST
            and text.marks == texts[leader].marks
            and has_same_meaning(text.content, texts[leader].content)
        ]
        if near:
            found[place] = min(near)[1]
    return found


def render_near(groups: Sequence[Sequence[str]], normal: dict[str, NormalText]) -> list[str]:
    """Render the rate of finding near duplicates beside the whole matrix of the same ratio."""
    texts = [[normal[text] for text in group] for group in groups]
    plains = [[text.plain for text in group] for group in texts]
    ours, matrix, cut = measure(
        lambda: [find_near_duplicates(group, LEAST) for group in texts],
        lambda: [cdist(group, group, scorer=ratio) for group in plains],
        lambda: [cdist(group, group, scorer=ratio, score_cutoff=100 * LEAST) for group in plains],
    )
    found = [find_near_duplicates(group, LEAST) for group in texts]
    matrices = (cdist(group, group, scorer=ratio, dtype=float) for group in plains)
    expected = [find_by_matrix(group, scores) for group, scores in zip(texts, matrices, strict=True)]
    same = [{place: leader for place, (leader, _) in each.items()} for each in found] == expected
    rows = sum(map(len, texts))
    return [
        "## Near duplicates",
        "",
        f"Of {rows:,} texts {sum(map(len, found)):,} are near duplicates at {LEAST:.0%}. From rapidfuzz's matrix of",
        f"the same ratio, with the same rules, the same are found: **{'yes' if same else 'NO'}**. The matrix alone is",
        "timed.",
        "",
        "| | texts per CPU second | ours |",
        "|---|---|---|",
        f"| `find_near_duplicates` | {rows / ours:,.0f} | |",
        f"| `cdist`, ratio | {rows / matrix:,.0f} | {matrix / ours:.1f} × |",
        f"| `cdist`, ratio, with the cutoff | {rows / cut:,.0f} | {cut / ours:.1f} × |",
        "",
    ]


def make_frame(groups: Sequence[Sequence[str]]) -> pl.DataFrame:
    """Make the table that selection is handed, with methods."""
    methods = {text: read_method(text) for group in groups for text in group}
    rows = [
        (f"s_{number:05}_{place:02}", f"p_{number:05}", text, "none", methods[text])
        for number, group in enumerate(groups)
        for place, text in enumerate(group)
    ]
    columns = ["sample_id", "problem_id", "text", "hint", "signature", "operations"]
    known = [(*row, method.signature, sorted(method.operations)) for *row, method in rows]
    return pl.DataFrame(known, schema=columns, orient="row", schema_overrides={"operations": pl.List(pl.String)})


def select_rows(frame: pl.DataFrame, policy: Select, readers: Readers) -> int:
    """Select as a build does: duplicates, then picks. Returns the number of kept paths."""
    found = find_duplicates(frame, policy, 0, readers)
    leaders = found.filter(pl.col("cluster") == pl.col("sample_id"))
    picked = pick_rows(frame.join(leaders, on="sample_id", how="semi", maintain_order="left"), policy, 0, readers)
    return picked["reason"].null_count()


def render_all(groups: Sequence[Sequence[str]], normal: dict[str, NormalText]) -> list[str]:
    """Render the rate of the whole selection."""
    frame = make_frame(groups)
    lines = [
        "## The whole selection",
        "",
        "Duplicates (exact, normalized, method, near), the choice of 4, the table in and out. Methods and normalized",
        "texts are given.",
        "",
        "| `select` | kept | rationales per CPU second |",
        "|---|---|---|",
    ]
    for name, policy in {
        "as by default": Select(),
        "`signature: none`": Select(signature="none"),
        "`choose: levenshtein`": Select(choose="levenshtein"),
        "`choose: shortest`": Select(choose="shortest"),
        "`keep: null`": Select(keep=None),
    }.items():
        readers = Readers(read=normal.__getitem__, parse=make_readers(policy).parse)
        kept = select_rows(frame, policy, readers)
        (seconds,) = measure(lambda policy=policy, readers=readers: select_rows(frame, policy, readers))
        lines.append(f"| {name} | {kept:,} | {frame.height / seconds:,.0f} |")
    return [*lines, ""]


def lengthen(group: Sequence[str], place: int, times: int) -> str:
    """Put others of the group behind one of its texts."""
    return "\n".join([group[place], *(group[(place + turn) % 4] for turn in range(times - 1))])


def render_lengths(groups: Sequence[Sequence[str]]) -> list[str]:
    """Render how the time grows with the length of texts."""
    lines = [
        "## Long texts",
        "",
        "The same texts, each 1, 10 and 100 times as long: others of the problem's rationales are put behind it.",
        "Without signatures, so that all are compared by wording.",
        "",
        "| characters | normalizing, µs each | selecting, µs each | both, per 1,000 characters |",
        "|---|---|---|---|",
    ]
    for times in (1, 10, 100):
        some = [
            [lengthen(group, place, times) for place in range(len(group))] for group in groups[: max(30 // times, 2)]
        ]
        texts = [text for group in some for text in group]
        normal = {text: read_text(text) for text in texts}
        frame = make_frame(some)
        readers = Readers(read=normal.__getitem__, parse=make_readers(Select()).parse)
        read, chosen = measure(
            lambda texts=texts: [read_text(text) for text in texts],
            lambda frame=frame, readers=readers: select_rows(frame, Select(signature="none"), readers),
        )
        size = mean(map(len, texts))
        each = [1e6 * seconds / len(texts) for seconds in (read, chosen)]
        lines.append(f"| {size:,.0f} | {each[0]:,.0f} | {each[1]:,.0f} | {1000 * sum(each) / size:,.0f} |")
    return [*lines, ""]


if __name__ == "__main__":
    main()
