"""The published methods that have a packaged recipe, and the table of what they build."""

from collections.abc import Mapping
from typing import Any

import polars as pl
from ruamel.yaml import YAML

from cotloom.builder.store import Version
from tests.conftest import ROOT

METHODS = (
    "wei_prompting",
    "fu_specialization",
    "magister_hinted",
    "ho_diverse_reasoning",
    "cot_collection",
    "yuan_rft",
    "dmt",
    "promot",
    "cotloom",
)
PAGE = "docs/methods/README.md"
_LIVE = "# live:"
_COLUMNS = ("method", "samples a problem", "hint", "what repeats", "kept", "formats", "stages", "samples", "kept paths",
            "methods of solution", "rows")  # fmt: skip


def read_live_teacher(name: str) -> Any:
    """Read the teacher that stands as a comment in a recipe."""
    lines = (ROOT / "recipes" / f"{name}.yaml").read_text("utf-8").splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith(_LIVE)) + 1
    block = []
    for line in lines[start:]:
        if not line.startswith("# "):
            break
        block.append(line[2:])
    return YAML(typ="safe").load("\n".join(block))["teacher"]


def render_table(versions: Mapping[str, Version]) -> str:
    """Render what each recipe says and what it built."""
    rows = [_COLUMNS, ("---",) * len(_COLUMNS), *(_describe(name, version) for name, version in versions.items())]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _describe(name: str, version: Version) -> tuple[str, ...]:
    recipe = version.manifest.recipe
    teacher, select = recipe["teacher"], recipe["select"]
    paths = teacher["paths"]
    samples = version.read_table("samples", ("problem_id", "signature", "fate", "teacher"))
    kept = samples.filter(pl.col("fate") == "kept")
    examples = version.read_table("examples", ("format", "fate")).filter(pl.col("fate") == "kept")
    rows = examples.group_by("format").len().sort("len", "format", descending=[True, False]).iter_rows()
    methods = kept.select("problem_id", "signature").drop_nulls().n_unique()
    stages = (recipe.get("mixture") or {"stages": [{"name": "train"}]})["stages"]
    return (
        f"[{name}]({name}.md)",
        f"{paths['round']} to {paths['max']}" if paths["max"] else str(paths["round"]),
        teacher["hint"]["mode"],
        "stays" if select["exact"] == "keep" else f"one for each method ({select['signature']})",
        "all" if select["keep"] is None else f"{select['keep']}, {select['choose']}",
        ", ".join(item["name"] for item in recipe["formats"]),
        ", ".join(stage["name"] for stage in stages),
        f"{samples.height:,}",
        f"{kept.height:,}",
        "not looked for" if select["signature"] == "none" else f"{methods:,}",
        "; ".join(f"{form} {count:,}" for form, count in rows),
    )
