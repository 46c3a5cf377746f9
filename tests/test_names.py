"""Names that act: a function begins with a verb, a class has one home, and nobody speaks a private language."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted(
    [ROOT / "cli.py", *(path for top in ("cotloom", "builder", "schemas") for path in (ROOT / top).rglob("*.py"))]
)
VERBS = frozenset(
    """
    accept accumulate add adjust advance advise align allow append apply arrange ask assemble assert assign attach audit
    average balance batch begin block bootstrap bound bring build call can canonicalize capitalise capture carry cast
    catch change check choose classify clean clear clip close collate collect combine commit compact compare compile
    complete compress compute concat connect construct convert copy correct count cover create cut decide declare decode
    decompress decontaminate deduplicate delete derive describe detach detect digest disable discard divide download
    draw drop dump edit embed enable encode end enter escape estimate evaluate examine exclude execute exit expand
    explain explore export extend extract factorize fail feed fetch fill filter find finish fit flag flatten fold follow
    forget format freeze gather generate get give grade group guard guess handle has hash hide hint hold ignore import
    include indent index infer init insert install interpolate interrupt intersect invert is iterate join judge keep
    label lay learn leave limit link list load locate lock log look lower main make map mark mask match may mean measure
    merge migrate miscount misread mix move multiply must name narrow need negate normalize note notify number open
    order outline overlap pack pad pair parse part pause permit permute pick place plan plot predict prefix prepare
    preserve print probe propose protect prove prune publish pull push put query queue quote raise rank rate read
    rebuild recall receive recompute record recover redact reduce refuse register rejoin relativize release remember
    remove rename render reorder repair repeat replace report request require resample reserve reset resize resolve
    restore retry return review reward rework rewrite round run sample save say scale scan schedule score seal search
    seed select send separate serialize serve set settle shard share shift shorten should show shuffle sign simplify
    skip slice solve sort spell split spread stack start state step stop store stream strip style submit substitute
    suggest sum summarise summarize supply support swap sweep switch sync tabulate tag take test thin tokenize trace
    track train transform translate trim truncate trust try unblock uncheck unfreeze unify unpack unwrap upcast update
    upload use validate verify view vote wait walk warn watch weigh widen wrap write
    """.split()
)
"""What a name may begin with, in base form: no participle (`kept`), no noun (`row`)."""

PREFIXES = frozenset({"as", "from", "to", "with", "without"})
"""Beginnings that data libraries have made familiar: `to_frame`, `from_row`, `as_json`."""

PUBLIC = frozenset({"answer", "atomic_folder", "atomic_write", "sql", "versions"})
"""Names that users and other projects know in this form."""

HOOKS = frozenset(
    {"aclose", "compute_loss", "encoding", "fileno", "flush", "get_train_sampler", "invoke", "isatty", "on_log"}
    | {"on_step_end", "save_rng_state"}
)
"""Methods that a library's class asks for under its own name."""


def list_functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def is_exempt(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Properties and column expressions name a thing; dunder methods and hooks are named by others."""
    decorators = " ".join(map(ast.unparse, node.decorator_list))
    returns_column = node.returns is not None and ast.unparse(node.returns) == "pl.Expr"
    dunder = node.name.startswith("__") and node.name.endswith("__")
    return dunder or "property" in decorators or returns_column or node.name.strip("_") in HOOKS | PUBLIC


def describe(path: Path, node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


def test_every_function_begins_with_a_verb():
    odd = [
        describe(path, node)
        for path, node in list_functions()
        if not is_exempt(node) and node.name.strip("_").split("_")[0] not in VERBS | PREFIXES
    ]
    assert odd == []


def test_no_function_is_named_by_what_it_is_of():
    odd = [describe(path, node) for path, node in list_functions() if re.search(r"_of$|_of_", node.name)]
    assert [name for name in odd if not name.split()[-1].startswith(("is_", "has_"))] == []


def test_the_verbs_are_verbs():
    participles = [verb for verb in VERBS if verb.endswith("ed") and verb not in {"embed", "feed", "need", "seed"}]
    assert participles == []


def test_a_class_name_has_one_home():
    homes = defaultdict(list)
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                homes[node.name].append(str(path.relative_to(ROOT)))
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}


PRIVATE_WORDS = re.compile(r"\b(told|said|asked_of|strays|foreseen|arms?|standings?|elected|worths?)\b")
"""Words of the first edition that meant something only here."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_parameters_speak_the_language_of_the_field(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    assert sorted(name for name in names if PRIVATE_WORDS.fullmatch(name.strip("_"))) == []


PARAMETERS = {
    "Version": {"version", "parent", "existing", "before", "after"},
    "Recipe": {"recipe"},
    "LoadedRecipe": {"loaded"},
    "StudentRecipe": {"recipe", "reduced"},
    "Runtime": {"runtime"},
    "Manifest": {"manifest", "tagged", "old", "new", "before", "after"},
    "Student": {"student"},
    "Problem": {"problem", "kept"},
    "Sample": {"sample"},
    "Ledger": {"ledger"},
    "Validation": {"validation"},
    "ValidationPlan": {"plan"},
    "EvalSetting": {"setting"},
    "EvalSet": {"eval_set"},
    "Condition": {"condition", "reference"},
}
"""The names that a parameter of a type may have: one, and those that tell two of a kind apart."""


def test_a_parameter_keeps_its_name_along_its_way():
    odd = []
    for path, node in list_functions():
        for argument in [*node.args.args, *node.args.kwonlyargs]:
            kind = ast.unparse(argument.annotation).removesuffix(" | None").strip("'") if argument.annotation else ""
            name = argument.arg.lstrip("_")
            if kind in PARAMETERS and name and name not in PARAMETERS[kind]:
                odd.append(f"{describe(path, node)}: {argument.arg}: {kind}")
    assert odd == []
