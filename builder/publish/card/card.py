"""The card of a dataset on the Hub: what it is, how it was made, what was measured, and what is not known.

Made from manifest and validation, and from counts over the tables. Texts of others are fenced or escaped (law 7), and
what is not known is said to be unknown (law 8).
"""

from collections.abc import Iterator, Mapping, Sequence

from cotloom.builder.publish.card.facts import Facts
from cotloom.builder.publish.card.figures import Picture
from cotloom.builder.publish.card.markdown import code, fenced, folded, plain, table
from cotloom.builder.publish.card.metadata import Config, Told, languages, metadata
from cotloom.builder.publish.card.sections import checks, limits, teacher
from cotloom.builder.student.report.sentences import gate_words, sentence, standings_table
from cotloom.schemas.manifest import Manifest

SIMULATED = (
    "Simulated: a stand-in wrote these rationales, no model did. They show how the tool works and teach nothing."
)

_WHAT: Mapping[str, str] = {
    "default": "rows to train on: `messages`, with answer, source, path cluster and pass rate; all formats",
    "candidates": "every answer of the teacher, dropped ones too: verdict, reason, sampling parameters, text",
    "problems": "every problem, dropped ones too, with its gold answer",
    "logprobs": "log probabilities of the tokens of each answer, with the likeliest alternatives",
    "dropped_examples": "formatted rows that were not taken, each with the reason",
}

_COLUMNS = (
    ("`messages`", "the chat; the last message is what a student learns to say"),
    ("`answer`", "the gold answer"),
    ("`cluster`", "names the reasoning path: rows of one problem with different clusters reason differently"),
    ("`pass_rate`", "share of right answers to the problem, among those without a hint that could be judged"),
    ("`hint`", "`hinted` where the teacher was shown the answer"),
    ("`format`, `mixture_stage`", "how the row is written, and the stage of training that takes it"),
    ("`weight`, `loss_spans`", "how much the row counts in the loss, and which characters of the last message do"),
)


def card(facts: Facts, configs: Sequence[Config], pictures: Sequence[Picture], told: Told) -> str:
    """Write `README.md`.

    Args:
        facts: what there is to say.
        configs: the dataset's configs, the one that loads by itself first.
        pictures: the pictures that lie beside it.
        told: what only the publisher knows.
    """
    drawn = {picture.path: picture for picture in pictures}
    lines = [
        "---",
        metadata(facts.manifest, configs, told).to_yaml(),
        "---",
        "",
        *_head(facts),
        *_loading(facts.manifest, configs, told),
        *_row(facts),
        *_section("How it was made", [*teacher(facts), *_picture(drawn, "figures/funnel.svg"), *_funnel(facts)]),
        *_section("Paths", _paths(facts, drawn)),
        *_section("What was checked", checks(facts)),
        *_section("Splits and contamination", [*_splits(facts.manifest), *_contamination(facts.manifest)]),
        *_section("What a student learnt from it", _validation(facts, drawn)),
        *_section("Known limits", [*limits(facts, told), ""]),
        *_section("Changes", _changes(facts)),
        *_section("Licences", _licences(facts, told)),
        *_section("Citation", _citation(facts.manifest, told)),
        *_section("Provenance", _provenance(facts.manifest, told)),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _section(title: str, lines: Sequence[str] | Iterator[str]) -> Iterator[str]:
    body = list(lines)
    if body:
        yield from (f"## {title}", "", *body)
        if body[-1]:
            yield ""


def _head(facts: Facts) -> Iterator[str]:
    manifest, counts = facts.manifest, facts.manifest.counts
    yield f"# {plain(manifest.name)} {plain(manifest.version)}"
    yield ""
    if manifest.simulated:
        yield f"> **{SIMULATED}**"
        yield ""
    yield (
        f"{counts['examples_kept']:,} rows to train and test on, over {counts['problems_with_path']:,} problems, "
        f"made from {counts['samples_kept']:,} kept answers of {counts['samples']:,}. "
        "Answers that were dropped are here too, each with its verdict and the reason."
    )
    yield ""


def _loading(manifest: Manifest, configs: Sequence[Config], told: Told) -> Iterator[str]:
    repo, tag = told.repo or "USER/NAME", told.tag or f"v{manifest.version}"
    yield from ("## Loading", "", "```python", "from datasets import load_dataset", "")
    for config in configs:
        named = "" if config is configs[0] else f', "{config.name}"'
        yield f'{config.name} = load_dataset("{repo}"{named}, revision="{tag}")'
    yield from ("```", "")
    rows = [(code(config.name), _what(config.name), _split_rows(config)) for config in configs]
    yield from table(("config", "what is in it", "rows"), rows)
    yield f"`cotloom audit hf://datasets/{repo}@{tag}` checks it: digests, schemas, splits, verdicts."
    yield ""
    yield from table(("column of `default`", "meaning"), _COLUMNS)


def _what(name: str) -> str:
    return _WHAT.get(name, "the rows of `default` in this format")


def _split_rows(config: Config) -> str:
    return ", ".join(f"{rows:,} {split}" for split, (rows, _) in config.splits.items())


def _row(facts: Facts) -> Iterator[str]:
    if not facts.shown:
        return
    yield from ("One row, its long lines folded:", "")
    yield from fenced("\n\n".join(f"{role}:\n{folded(content)}" for role, content in facts.shown))
    yield ""


def _picture(drawn: Mapping[str, Picture], path: str) -> Iterator[str]:
    if path in drawn:
        yield from (f"![{drawn[path].alt}]({path})", "")


def _funnel(facts: Facts) -> Iterator[str]:
    yield from ("<details><summary>The same as a table</summary>", "")
    rows = [
        (row.stage, row.unit, f"{row.rows_in:,}", f"{row.dropped:,}", code(row.reason or "none"), f"{row.kept:,}")
        for row in facts.manifest.funnel
    ]  # fmt: skip
    yield from table(("stage", "unit", "in", "dropped", "reason", "kept"), rows, "  rr r")
    yield from ("</details>", "")
    shares = [(code(form), plain(stage), plain(source), f"{count:,}") for form, stage, source, count in facts.rows]
    yield from table(("format", "stage of training", "source", "rows"), shares, "   r")


def _paths(facts: Facts, drawn: Mapping[str, Picture]) -> Iterator[str]:
    total = sum(facts.paths.values())
    if not total:
        return
    mean = sum(paths * count for paths, count in facts.paths.items()) / total
    signature = facts.manifest.recipe.get("select", {}).get("signature")
    same = (
        "their calculations come to the same method"
        if signature == "operations"
        else "their wording is nearly the same"
    )
    yield f"{mean:.2f} distinct right paths for each of {total:,} problems. Two paths are the same where {same}."
    yield ""
    yield from _picture(drawn, "figures/paths.svg")


def _splits(manifest: Manifest) -> Iterator[str]:
    if manifest.splits.get("test"):
        sides = ", ".join(f"{count:,} {plain(side)}" for side, count in manifest.splits.items())
        yield (
            f"Problems: {sides}. The side is a keyed hash of the problem's template, so that a problem keeps it in "
            "every version, and no template stands on both sides."
        )
    else:
        yield "There is no test split."
    yield ""


def _contamination(manifest: Manifest) -> Iterator[str]:
    if not manifest.contamination:
        yield "Overlap with evaluation sets: unknown. The recipe names none to compare with."
        return
    rows = [
        (plain(one.against), f"{one.problems:,}", f"{one.overlaps:,}", f"{one.highest_similarity:.1%}",
         f"{one.ngram} words in a row, or {one.similarity:.0%} of the words")
        for one in manifest.contamination
    ]  # fmt: skip
    head = ("evaluation set", "questions", "overlapping problems, dropped", "most alike of the others", "overlap is")
    yield from table(head, rows, " rrr")


def _validation(facts: Facts, drawn: Mapping[str, Picture]) -> Iterator[str]:
    found = facts.validation
    if found is None:
        yield "Not measured for this content."
        return
    yield from (plain(found.summary), "")
    yield from (f"- {plain(sentence(one))}" for one in (*found.differences, *found.retention))
    yield f"- {plain(': '.join([gate_words(found.gate), '; '.join(found.gate.reasons)]).rstrip(': '))}."
    yield ""
    yield from _picture(drawn, "figures/validation.svg")
    head, *rows = standings_table(found.standings)
    yield from table(head, [[plain(cell) for cell in row] for row in rows])
    name = found.student.get("name", "unnamed")
    yield f"Student: {code(name)}, recipe digest `{plain(found.student_digest[:16])}`."


def _changes(facts: Facts) -> Iterator[str]:
    if facts.parent is None:
        parent = facts.manifest.parent
        yield f"It follows {plain(parent)}; what changed was not counted." if parent else "The first version."
        return
    yield from (f"Since {plain(facts.parent)}, in kept rows:", "")
    rows = [(one.table, f"{one.before:,}", f"{one.came:,}", f"{one.went:,}", f"{one.after:,}") for one in facts.changes]
    yield from table(("", "before", "came", "went", "now"), rows, " rrrr")


def _licences(facts: Facts, told: Told) -> Iterator[str]:
    manifest = facts.manifest
    own = manifest.recipe.get("license")
    yield f"This dataset: {plain(own) if own else 'unknown; the recipe states none'}."
    yield ""
    rows = [
        (plain(source), plain(licence) if licence else _unknown(manifest, source), *_counted(facts, source))
        for source, licence in manifest.licenses.items()
    ]
    yield from table(("source", "licence", "rows", "kept"), rows, "  rr")
    if manifest.recipe["teacher"]["backend"] == "simulated":
        yield "Teacher: simulated, so that no provider's terms apply."
    else:
        terms = (
            plain(told.teacher_terms) if told.teacher_terms else "unknown; read them before you train on its answers"
        )
        yield f"Terms of the teacher ({', '.join(map(code, facts.teachers))}): {terms.rstrip('.')}."


def _unknown(manifest: Manifest, source: str) -> str:
    kinds = {one["name"]: one["kind"] for one in manifest.recipe["sources"]}
    return "made by Cotloom" if kinds.get(source) in {"arithmetic", "skills"} else "unknown"


def _counted(facts: Facts, source: str) -> tuple[str, str]:
    rows, kept = facts.sources.get(source, (0, 0))
    return f"{rows:,}", f"{kept:,}"


def _citation(manifest: Manifest, told: Told) -> Iterator[str]:
    place = f"https://huggingface.co/datasets/{told.repo or 'USER/NAME'}"
    yield from ("```bibtex", f"@misc{{{manifest.name},", f"  title = {{{manifest.name}}},")
    yield f"  version = {{{manifest.version}}},"
    yield f"  howpublished = {{\\url{{{place}}}}},"
    yield f"  note = {{content digest {manifest.content_digest}}}"
    yield from ("}", "```")


def _provenance(manifest: Manifest, told: Told) -> Iterator[str]:
    rows = [
        ("fingerprint of recipe, inputs and code", f"`{manifest.fingerprint}`"),
        ("recipe", "[cotloom/recipe.json](cotloom/recipe.json)"),
        ("manifest", "[cotloom/manifest.json](cotloom/manifest.json)"),
        ("digests of all files", "[cotloom/files.json](cotloom/files.json)"),
        ("languages", plain(", ".join(languages(manifest.recipe, told))) or "not stated in the recipe"),
    ]
    yield from table(("content digest", f"`{manifest.content_digest}`"), rows)
    inputs = [(plain(one.name), plain(one.file), f"{one.rows:,}", code(one.sha256[:16])) for one in manifest.inputs]
    if inputs:
        yield from table(("input", "file", "rows", "digest"), inputs, "  r")
