"""The dataset card on the Hub, rendered from `dataset_card.md.j2`.

The values come from the manifest, the tables and the validation. The template escapes every value; texts of several
lines are fenced (law 7). Unknown values are shown as unknown (law 8).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ....schemas.manifest import Manifest
from ....schemas.sample import LAST_RESORT
from ....schemas.validation import Validation
from ...report.markdown import fold_lines, format_code, format_fence
from ...report.pages import render_page
from ...report.sentences import SIMULATED
from ...student.report.sentences import describe_difference, describe_gate, tabulate_scores
from .error_rates import list_unmeasured, load_error_rates
from .facts import CardFacts
from .figures import CardFigure
from .metadata import CardOptions, DatasetConfig, build_metadata, list_languages

TEMPLATE = Path(__file__).with_name("dataset_card.md.j2")

SIMULATED_NOTICE = f"{SIMULATED} They demonstrate the tool; do not train a model on them."
"""The first line of a card of simulated data."""

_SAMPLING = ("temperature", "top_p", "max_tokens", "top_logprobs")
_MADE_HERE = {"arithmetic", "skills"}
"""Kinds of sources whose problems Cotloom generates itself."""


def render_card(
    facts: CardFacts, configs: Sequence[DatasetConfig], figures: Sequence[CardFigure], options: CardOptions
) -> str:
    """Render `README.md`: the metadata as YAML, and the text.

    Args:
        facts: the figures of the version.
        configs: the configs of the dataset, the default one first.
        figures: the figures that are published with the card.
        options: what only the publisher knows.
    """
    manifest, repo = facts.manifest, options.repo or "USER/NAME"
    tag = options.tag or f"v{manifest.version}"
    languages = list_languages(manifest.recipe, options)
    return render_page(
        TEMPLATE,
        card_data=_mark_safe(build_metadata(manifest, configs, options).to_yaml()),
        simulated=SIMULATED_NOTICE,
        manifest=manifest,
        counts=manifest.counts,
        facts=facts,
        verify=manifest.recipe["verify"],
        last_resort=sum(item.kept for item in manifest.readings if item.rule == LAST_RESORT),
        signature=(manifest.recipe.get("select") or {}).get("signature"),
        license=options.license or manifest.recipe.get("license"),
        repo=repo,
        tag=tag,
        configs=configs,
        usage=_format_fence(_format_usage(repo, tag, configs), "python"),
        example=_format_example(facts),
        teacher=_describe_teacher(facts),
        figures={figure.path: figure for figure in figures},
        languages=languages,
        sources=list(_describe_sources(facts)),
        teacher_terms=(options.teacher_terms or "").rstrip("."),
        citation=_format_fence(_format_citation(manifest, repo), "bibtex"),
        **_describe_error_rates(facts, languages),
        **_describe_validation(facts.validation),
        number=_format_number,
        percent=_format_percent,
        code=_format_code,
    )


def _mark_safe(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - YAML, code and fences that a text can't end


def _format_code(text: object) -> Markup:
    return _mark_safe(format_code(text))


def _format_fence(text: str, language: str = "text") -> Markup:
    return _mark_safe("\n".join(format_fence(text, language)))


def _format_number(value: int) -> str:
    return f"{value:,}"


def _format_percent(share: float, digits: int = 1) -> str:
    return f"{share:.{digits}%}"


def _format_usage(repo: str, tag: str, configs: Sequence[DatasetConfig]) -> str:
    names = ["" if index == 0 else f', "{config.name}"' for index, config in enumerate(configs)]
    calls = [
        f'{config.name} = load_dataset("{repo}"{name}, revision="{tag}")'
        for config, name in zip(configs, names, strict=True)
    ]
    return "\n".join(["from datasets import load_dataset", "", *calls])


def _format_citation(manifest: Manifest, repo: str) -> str:
    lines = [
        f"@misc{{{manifest.name},",
        f"  title = {{{manifest.name}}},",
        f"  version = {{{manifest.version}}},",
        f"  howpublished = {{\\url{{https://huggingface.co/datasets/{repo}}}}},",
        f"  note = {{content digest {manifest.content_digest}}}",
        "}",
    ]
    return "\n".join(lines)


def _format_example(facts: CardFacts) -> Markup | None:
    if not facts.example:
        return None
    return _format_fence("\n\n".join(f"{role}:\n{fold_lines(content)}" for role, content in facts.example))


def _describe_teacher(facts: CardFacts) -> dict[str, Any]:
    """Select what the card says of the teacher: names, backend, prompt, sampling parameters and hints."""
    teacher: Mapping[str, Any] = facts.manifest.recipe["teacher"]
    prompt = teacher.get("prompt") or {}
    texts = [(name, _format_fence(prompt[name])) for name in ("system", "user") if prompt.get(name)]
    sampling = None if teacher["backend"] == "simulated" else teacher.get("sampling")
    hint = teacher.get("hint")
    return {
        "names": Markup(", ").join(map(_format_code, facts.teachers)),
        "backend": teacher["backend"],
        "prompt": prompt.get("template"),
        "shots": prompt.get("shots"),
        "prompt_texts": texts,
        "sampling": [] if sampling is None else [(name, sampling.get(name)) for name in _SAMPLING],
        "hint": hint["mode"] if hint else None,
    }


def _describe_error_rates(facts: CardFacts, languages: Sequence[str]) -> dict[str, Any]:
    """Select the measured error rates of the verifier that judged this version, and list what they do not speak of."""
    rates = load_error_rates(facts.manifest.rooms.get("verify", 0))
    if not rates:
        return {"error_rates": (), "unmeasured": ()}
    own = [rate for rate in rates if rate.answer_type in facts.answer_types]
    unmeasured = list_unmeasured(rates, facts.answer_types, languages, facts.manifest.recipe["sources"])
    return {"error_rates": own, "unmeasured": list(unmeasured)}


def _describe_sources(facts: CardFacts) -> Iterator[dict[str, Any]]:
    kinds = {source["name"]: source["kind"] for source in facts.manifest.recipe["sources"]}
    for name, license_name in facts.manifest.licenses.items():
        rows, kept = facts.sources.get(name, (0, 0))
        unnamed = "generated by Cotloom" if kinds.get(name) in _MADE_HERE else "unknown"
        yield {"name": name, "license": license_name or unnamed, "rows": rows, "kept": kept}


def _describe_validation(validation: Validation | None) -> dict[str, Any]:
    if validation is None:
        return {"validation": None}
    reasons = "; ".join(validation.gate.reasons)
    return {
        "validation": validation,
        "comparisons": [describe_difference(one) for one in (*validation.differences, *validation.retention)],
        "gate": f"{describe_gate(validation.gate)}: {reasons}" if reasons else describe_gate(validation.gate),
        "scores": tabulate_scores(validation.scores),
    }
