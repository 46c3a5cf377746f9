"""Measure decontamination and MinHash: `python benchmarks/overlap/run.py [--data FOLDER] [--rationales N]`.

FOLDER holds gsm8k/ with train.jsonl, test.jsonl and model_solutions.jsonl. Copies of evaluation questions are planted
by rule (`planted.py`): thresholds were chosen on the first half of the questions with the first rules, and are stated
on the second half with the second. MinHash runs over rationales grown from real solutions, beside datasketch where
that is installed. Writes docs/benchmark-overlap.md.
"""

import argparse
import json
import random
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from planted import Rules, list_changes

from cotloom.builder.sources.overlap import EvaluationSet, find_matches, index_set
from cotloom.builder.text.minhash import Shingles, find_near_pairs, hash_shingles
from cotloom.schemas.problem import OverlapMeasure, make_problem_id
from cotloom.schemas.source import Decontaminate

ROOT = Path(__file__).resolve().parents[2]
POLICY = Decontaminate(against=("test",))
PLAIN = {OverlapMeasure.NGRAM, OverlapMeasure.WORDS}
LEAST = 0.8
SAMPLED, SLICE = 2_000, 20_000


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--rationales", type=int, default=1_000_000)
    options = parser.parse_args()
    page = ROOT / "docs" / "benchmark-overlap.md"
    lines = [*render_copies(options.data), *render_minhash(options.data, options.rationales)]
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(page.read_text("utf-8"))


def read_questions(path: Path) -> list[str]:
    """Read the questions of a file of GSM8K."""
    return [json.loads(line)["question"] for line in path.read_text("utf-8").splitlines()]


def make_set(questions: Sequence[str], policy: Decontaminate = POLICY) -> EvaluationSet:
    """Index questions as an evaluation set."""
    rows = [
        (make_problem_id(text), "test", f"test.jsonl:{place + 1}", text, []) for place, text in enumerate(questions)
    ]
    schema = {"problem_id": pl.String, "source": pl.String, "origin": pl.String, "question": pl.String}
    return index_set("test", pl.DataFrame(rows, schema={**schema, "choices": pl.List(pl.String)}, orient="row"), policy)


def list_measures(text: str, each: EvaluationSet) -> set[OverlapMeasure]:
    """List the measures by which a text overlaps a set."""
    return {match.measure for match in find_matches(text, each) if match.is_overlap}


def render_copies(data: Path) -> Iterator[str]:
    """Render the shares of planted copies that are found, and what is found of the training questions."""
    test, train = (read_questions(data / "gsm8k" / f"{name}.jsonl") for name in ("test", "train"))
    each = make_set(test)
    yield "# Benchmark: overlap with evaluation sets, and near-duplicates\n"
    yield "`make bench-overlap` measures this; it needs GSM8K. Times are CPU seconds of one process.\n"
    yield "## Planted copies of GSM8K's test questions\n"
    yield (
        "Each test question is copied by rule. Thresholds were chosen on the 660 questions of the first column; the"
        " rules, names and synonyms of the second column are others, and so are its 659 questions. `before` is what a"
        f" shared {POLICY.ngram}-gram or a word similarity of {POLICY.similarity:.0%} finds of the second column.\n"
    )
    yield "| copy | found, chosen on | found, held out | before | wanted |"
    yield "|---|---:|---:|---:|---:|"
    shares = {rules: plant_copies(test[half::2], each, rules) for half, rules in enumerate(Rules)}
    for name, (_, wanted) in list_changes(Rules.FIRST).items():
        first, second = shares[Rules.FIRST][name], shares[Rules.SECOND][name]
        yield f"| {name} | {first[0]:.1%} | {second[0]:.1%} | {second[1]:.1%} | {f'{wanted:.0%}' if wanted else '-'} |"
    yield from render_training(train, each)
    yield from render_ngrams(train, test)


def plant_copies(questions: Sequence[str], each: EvaluationSet, rules: Rules) -> dict[str, tuple[float, float]]:
    """Plant copies; by change, the share that is found, and the share that plain measures find."""
    draw, shares = random.Random(0), {}
    for name, (change, _) in list_changes(rules).items():
        found = [list_measures(change(question, draw), each) for question in questions]
        plain = sum(bool(measures & PLAIN) for measures in found)
        shares[name] = sum(map(bool, found)) / len(found), plain / len(found)
    return shares


def render_training(train: Sequence[str], each: EvaluationSet) -> Iterator[str]:
    """Render which training questions overlap the test questions, and how fast they are compared."""
    began = time.process_time()
    found = [(place, find_matches(text, each)) for place, text in enumerate(train)]
    seconds = time.process_time() - began
    dropped = [(place, matches) for place, matches in found if any(match.is_overlap for match in matches)]
    yield (
        f"\n## GSM8K's training questions against its test questions\n\nOf {len(train):,} training questions,"
        f" {len(dropped)} overlap ({len(dropped) / len(train):.2%}), {len(train) / seconds:,.0f} questions a second."
        " All of them are listed; the nearest that stay are in the view `evaluation_overlaps` of a build.\n"
    )
    yield "| training | test | measures | first words of both |"
    yield "|---|---|---|---|"
    for place, matches in dropped:
        overlaps = [match for match in matches if match.is_overlap]
        measures = ", ".join(f"{match.measure} {match.score:.2f}" for match in overlaps)
        other = each.texts[overlaps[-1].position]
        words = " / ".join(" ".join(text.split()[:6]) for text in (train[place], other))
        yield f"| train.jsonl:{place + 1} | {each.origins[overlaps[-1].position].split()[1]} | {measures} | {words} |"


def render_ngrams(train: Sequence[str], test: Sequence[str]) -> Iterator[str]:
    """Render how many training questions share a run with a test question, by its length."""
    yield "\n## The length of a run\n\nTraining questions that share a run of so many words with a test question:\n"
    yield "| words | as they are | masked, and rare in the test questions |"
    yield "|---:|---:|---:|"
    for ngram in (8, 10, 13):
        each = make_set(test, POLICY.model_copy(update={"ngram": ngram, "similarity": 1.0, "masked": 1.0}))
        found = [list_measures(text, each) for text in train]
        counts = [
            sum(measure in one for one in found) for measure in (OverlapMeasure.NGRAM, OverlapMeasure.MASKED_NGRAM)
        ]
        yield f"| {ngram} | {counts[0]} | {counts[1]} |"
    yield (
        "\nShort runs are phrases that many problems share (`how many more`, `at the same rate`). 13 is the"
        " default: what it misses is found by the masked similarity."
    )


def grow_rationales(data: Path, count: int) -> list[str]:
    """Grow rationales from real solutions: words are replaced, in none to most places."""
    path = data / "gsm8k" / "model_solutions.jsonl"
    keys = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    solutions = [text for row in rows for key in keys if (text := row[key]["solution"])]
    draw, grown = random.Random(1), []
    for _ in range(count):
        words = draw.choice(solutions).split(" ")
        for _ in range(draw.choice([1, 3, 8, len(words), len(words), 2 * len(words), 3 * len(words)])):
            words[draw.randrange(len(words))] = f"{draw.randrange(30_000):x}"
        grown.append(" ".join(words))
    return grown


def render_minhash(data: Path, count: int) -> Iterator[str]:
    """Render time, memory and recall of MinHash."""
    texts = grow_rationales(data, count)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    shingles = hash_shingles(texts)
    hashed = time.process_time()
    pairs = find_near_pairs(shingles, np.arange(count), LEAST)
    paired = time.process_time()
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    recall, exact = measure_recall(shingles, pairs.left, pairs.right)
    yield f"\n## Near-duplicates among {count:,} rationales\n"
    yield "| | |"
    yield "|---|---:|"
    yield f"| shingles of a rationale | {len(shingles.hashes) / count:.0f} |"
    yield f"| hashing, CPU | {hashed - began:.0f} s ({count / (hashed - began):,.0f} a second) |"
    yield f"| signing, candidates, similarity, CPU | {paired - hashed:.0f} s ({count / (paired - hashed):,.0f} per s) |"
    yield f"| memory besides the texts, at most | {memory:,.0f} MB |"
    yield f"| pairs from {LEAST:.0%} | {len(pairs.left):,} |"
    yield f"| recall of pairs from {LEAST:.0%}, {SAMPLED:,} rationales against all ({exact:,} pairs) | {recall:.1%} |"
    yield from render_datasketch(texts[:SLICE])


def measure_recall(shingles: Shingles, left: np.ndarray, right: np.ndarray) -> tuple[float, int]:
    """Compare a sample of texts with all others exactly: the share of near pairs that was found, and their number."""
    sizes = np.diff(shingles.starts)
    owners = np.repeat(np.arange(len(sizes)), sizes)
    order = np.argsort(shingles.hashes, kind="stable")
    values, holders = shingles.hashes[order], owners[order]
    found = set(zip(left.tolist(), right.tolist(), strict=True))
    near = hits = 0
    for text in random.Random(2).sample(range(len(sizes)), min(SAMPLED, len(sizes))):
        own = shingles.hashes[shingles.starts[text] : shingles.starts[text + 1]]
        low, high = np.searchsorted(values, own), np.searchsorted(values, own, side="right")
        shared = np.bincount(
            np.concatenate([holders[a:b] for a, b in zip(low, high, strict=True)]), minlength=len(sizes)
        )
        others = np.flatnonzero(shared)
        similarity = shared[others] / (len(own) + sizes[others] - shared[others])
        for other in others[(similarity >= LEAST) & (others != text)].tolist():
            near += 1
            hits += (min(text, other), max(text, other)) in found
    return hits / max(near, 1), near


def render_datasketch(texts: Sequence[str]) -> Iterator[str]:
    """Render datasketch beside it on a slice of the texts, where it is installed."""
    try:
        from datasketch import MinHash, MinHashLSH  # noqa: PLC0415 - no part of the environment
    except ImportError:
        print("datasketch is not installed: its row is left out", file=sys.stderr)
        return
    began = time.process_time()
    index, found = MinHashLSH(threshold=LEAST, num_perm=128), 0
    for place, text in enumerate(texts):
        words = text.lower().split()
        signature = MinHash(num_perm=128)
        signature.update_batch(
            [" ".join(words[start : start + 3]).encode() for start in range(len(words) - 2)] or [b""]
        )
        found += len(index.query(signature))
        index.insert(str(place), signature)
    theirs = time.process_time() - began
    began = time.process_time()
    pairs = find_near_pairs(hash_shingles(texts), np.arange(len(texts)), LEAST)
    ours = time.process_time() - began
    yield f"\nOn the first {len(texts):,} of them, in the same run, texts to pairs:\n"
    yield "| | texts a CPU second | pairs |"
    yield "|---|---:|---:|"
    yield f"| Cotloom (rensa signs; pairs are verified) | {len(texts) / ours:,.0f} | {len(pairs.left):,} |"
    yield f"| datasketch (128 permutations; candidates, not verified) | {len(texts) / theirs:,.0f} | {found:,} |"


if __name__ == "__main__":
    main()
