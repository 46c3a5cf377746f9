"""Arguments and options of the commands, each with its help text. `cli.py` says which command takes which."""

from pathlib import Path
from typing import Annotated, Literal

from typer import Argument, BadParameter, Exit, Option

from ..terminal import print_text

STORE = Path(".cotloom")
"""The default store, in the working folder."""

TRAINERS = (
    "trl, trl-messages, trl-steps, trl-dpo, trl-grpo, llama-factory, llama-factory-alpaca, axolotl, openai, parquet,"
    " jsonl or datasets"
)


def print_version(requested: bool) -> None:
    """Print Cotloom's version and end the command, where `--version` was given."""
    if requested:
        from importlib.metadata import version  # noqa: PLC0415 - for this option only

        print_text(f"cotloom {version('cotloom')}")
        raise Exit


def parse_amount(value: str) -> str:
    """Check an amount of money, such as `5` or `0.25`.

    Raises:
        BadParameter: it is none.
    """
    digits, _, cents = value.removeprefix("$").partition(".")
    if not (digits.isdecimal() and (cents.isdecimal() or not cents) and len(digits) < 10 and len(cents) < 13):
        raise BadParameter(f"{value!r} is no amount in US dollars, such as 5 or 0.25")
    return f"{digits}.{cents}" if cents else digits


Version = Annotated[
    bool, Option("--version", callback=print_version, is_eager=True, help="Print Cotloom's version and exit.")
]

# Every command
Store = Annotated[Path, Option("--store", envvar="COTLOOM_STORE", help="Folder of ledger and versions.")]
Json = Annotated[bool, Option("--json", help="Print one JSON object instead of text.")]

# Recipes and builds
Recipe = Annotated[str, Argument(metavar="RECIPE", help="A recipe file, or the name of a packaged recipe.")]
Recipes = Annotated[
    list[str],
    Argument(metavar="RECIPE...", help="Recipe files, or names of packaged recipes. Several share one ledger."),
]
Changes = Annotated[list[str] | None, Option("--set", metavar="KEY=VALUE", help="Change a key of the recipe.")]
BuildVersion = Annotated[str | None, Option("--version", help="Build this version instead of the recipe's.")]
Limit = Annotated[int | None, Option(min=1, help="Take only so many problems; the version is NAME@dev.")]
Workers = Annotated[int | None, Option(min=1, max=256, help="Processes to use. Default: all processors.")]
Engine = Annotated[Literal["local", "ray"], Option(help="Run them on this machine, or as tasks of a Ray cluster.")]
RayAddress = Annotated[
    str | None, Option(metavar="ADDRESS", help="Address of the Ray cluster. Default: one is started on this machine.")
]
Memory = Annotated[
    float | None,
    Option(
        min=0.001,
        max=1_000_000,
        metavar="GB",
        help="Memory for all processes together. Default: three quarters of what is available.",
    ),
]
Concurrency = Annotated[int, Option(min=1, max=10_000, help="Concurrent requests to a live teacher.")]
RequestsPerMinute = Annotated[
    float | None,
    Option(min=0.001, metavar="N", help="The most requests a minute to one server. Default: learned from the server."),
]
TokensPerMinute = Annotated[
    float | None,
    Option(min=0.001, metavar="N", help="The most tokens a minute, requests and answers. Default: learned."),
]
Pilot = Annotated[
    int | None,
    Option("--pilot", min=5, metavar="N", help="Ask about N problems, to measure what the build will take."),
]
Prices = Annotated[
    Path | None, Option("--prices", metavar="FILE", help="A YAML file with prices of your own (docs/costs.md).")
]
MaxUsd = Annotated[
    str | None,
    Option(
        "--max-usd",
        metavar="USD",
        parser=parse_amount,
        help="The most that this version may cost, all builds of it together.",
    ),
]
MaxRequests = Annotated[
    int | None, Option("--max-requests", min=0, metavar="N", help="The most requests that may be sent for it.")
]
MaxTokens = Annotated[
    int | None, Option("--max-tokens", min=0, metavar="N", help="The most tokens, of requests and answers together.")
]
ProgressStyle = Annotated[
    Literal["auto", "json", "none"],
    Option("--progress", help="Bars on a terminal; or events on stderr, one JSON object a line; or nothing."),
]
Timeout = Annotated[float, Option(min=0.001, help="Seconds to wait for one answer.")]
Retries = Annotated[int, Option(min=0, max=100, help="How often a failed request is tried again.")]
Batch = Annotated[
    bool, Option("--batch", help="Send requests through the server's batch service: cheaper, within a day.")
]
LiveBelow = Annotated[
    int, Option("--live-below", min=0, metavar="N", help="Send fewer requests than this live, not in a batch.")
]
FinishLive = Annotated[
    bool, Option("--finish-live", help="Send live what a batch left unanswered: it expired, or the row failed.")
]
BatchRequests = Annotated[
    int, Option("--batch-requests", min=1, max=1_000_000, metavar="N", help="The most requests in one batch.")
]
BatchProblems = Annotated[
    int,
    Option("--batch-problems", min=1, max=1_000_000, metavar="N", help="Problems that wait for batches at once."),
]
BatchPoll = Annotated[
    float,
    Option("--batch-poll", min=0.01, max=86_400, metavar="SECONDS", help="The longest pause between looks at a batch."),
]
AcceptFailures = Annotated[bool, Option("--accept-failures", help="Build although requests failed.")]
AllowEmpty = Annotated[bool, Option("--allow-empty", help="Freeze a version without rows, too.")]
AllowKeys = Annotated[
    list[str] | None,
    Option(
        "--allow-key",
        metavar="VARIABLE@HOST",
        help="The key in a variable may go to a host that is not known to belong to it. `build` remembers it.",
    ),
]
Externals = Annotated[
    list[str] | None,
    Option(
        "--external",
        metavar="NAME=COMMAND",
        help="Allow a command to judge samples (answer_type: external); a recipe knows it by NAME only.",
    ),
]
ExternalSeconds = Annotated[float, Option(min=0.001, help="Seconds that it may take for one answer.")]
ExternalMemory = Annotated[float, Option(min=0.001, metavar="GB", help="Memory that it may take.")]
SetAside = Annotated[
    list[str] | None,
    Option(
        metavar="ROW",
        help="Do not check this sample, whose check ended the process that did: it is dropped as check_failed.",
    ),
]
Profile = Annotated[Path | None, Option(metavar="FILE", help="Write what each stage cost to a JSON file.")]
KeepGb = Annotated[
    float, Option("--keep", min=0.0, max=1_000_000, metavar="GB", help="What the results of stages may take.")
]
GarbageDryRun = Annotated[bool, Option("--dry-run", help="Say what would be removed; remove nothing.")]
ReviewFiles = Annotated[
    list[str] | None,
    Option("--file", metavar="FILE", help="The file of decisions.  [default: NAME.reviews.jsonl]"),
]
ReviewRandom = Annotated[
    int | None, Option("--random", min=1, metavar="N", help="Read so many kept rows, drawn at random.")
]
ReviewWidth = Annotated[
    float | None,
    Option("--width", min=0.001, max=0.5, help="Draw as many at random as an interval needs: 0.02 is about ±2 %."),
]
ReviewLimit = Annotated[int, Option("--limit", min=1, metavar="N", help="Read so many of the most doubtful rows.")]
ReviewRows = Annotated[list[str] | None, Option("--row", metavar="ID", help="Read this sample (repeatable).")]
ReviewBy = Annotated[
    str | None, Option("--by", metavar="NAME", help="Who reads.  [default: $COTLOOM_REVIEWER, or the login name]")
]
ReviewSeed = Annotated[int, Option("--seed", help="Seed of the random rows.")]
ReviewList = Annotated[bool, Option("--list", help="List the rows; read none.")]
ReviewReport = Annotated[
    bool, Option("--report", help="Say what the files of decisions come to: error rate, agreement of readers.")
]
VersionTag = Annotated[str | None, Argument(metavar="[TAG]", help="The tag. Left out: the version's tags are listed.")]
TagRemoval = Annotated[bool, Option("--delete", help="Take the tag from the version.")]
Consent = Annotated[bool, Option("--yes", help="Remove without asking.")]
ShowPlan = Annotated[
    bool, Option("--show", help="Print one problem, one rendered request and one example of each format.")
]
StarterFolder = Annotated[Path, Argument(metavar="[DIR]", help="Folder to write recipe.yaml to.")]
StarterSource = Annotated[Path | None, Option("--from", metavar="FILE", help="A JSONL, JSON, CSV or Parquet file.")]
StarterQuestion = Annotated[
    list[str] | None,
    Option(
        "--question",
        metavar="COLUMN",
        help="A column of the question, or a template; give it again for each further one, in order.",
    ),
]
StarterAnswer = Annotated[
    str | None, Option("--answer", metavar="COLUMN", help="The column with the gold answer, or a template.")
]
Force = Annotated[bool, Option("--force", help="Overwrite an existing recipe.")]

# Versions and their rows
Ref = Annotated[str, Argument(metavar="REF", help="NAME, NAME@VERSION, or the path of a version's folder.")]
Audited = Annotated[
    str,
    Argument(
        metavar="REF|DATASET",
        help="A version: NAME, NAME@VERSION, the path of its folder, or hf://datasets/USER/NAME[@TAG]. Or a dataset:"
        " FILE, FOLDER, or hf://datasets/USER/NAME[@REVISION][?config=C&split=S].",
    ),
]
HubRef = Annotated[
    str, Argument(metavar="REF", help="hf://datasets/USER/NAME[@TAG]; without a tag, the newest version.")
]
Before = Annotated[str, Argument(metavar="A", help="The older version, as REF or hf://datasets/USER/NAME[@TAG].")]
After = Annotated[
    str | None, Argument(metavar="[B]", help="The newer version, likewise. Left out: A is held against its parent.")
]
DiffLimit = Annotated[int, Option("--limit", min=0, help="Show so many rows of each kind, with both texts.")]
DiffExit = Annotated[bool, Option("--exit-code", help="Exit 1 where a row differs.")]
RowId = Annotated[str, Argument(metavar="ID", help="Id of a problem, sample or example, or its beginning.")]
Query = Annotated[str | None, Argument(metavar="[SELECT]", help="The query. Left out: a shell, or stdin.")]
TableFormat = Annotated[Literal["table", "csv", "json", "jsonl"], Option("--format", help="How to print the result.")]
TableRows = Annotated[int, Option("--rows", min=1, help="The most rows of a table. The other formats print all.")]
OtherVersions = Annotated[
    list[str] | None,
    Option(
        "--with",
        metavar="NAME=REF",
        help="Query this version too, as NAME.samples and so on; REF or hf://datasets/USER/NAME[@TAG].",
    ),
]
Database = Annotated[Path | None, Option(help="Write the tables to a DuckDB file instead.")]
SequenceLength = Annotated[
    int | None, Option("--length", min=1, help="Tokens of your trainer's sequences: how full they are, packed.")
]
ExportFolder = Annotated[Path, Option(help="Folder to write to.")]
ExportFormat = Annotated[str, Option("--format", help=f"The trainer's format: {TRAINERS}.")]

# Validation
Student = Annotated[str, Option(help="A student recipe: a file, or the name of a packaged one.")]
StudentChanges = Annotated[
    list[str] | None, Option("--set", metavar="KEY=VALUE", help="Change a key of the student recipe.")
]
Parent = Annotated[str | None, Option(metavar="REF", help="Version to compare with. Default: the parent.")]
ControlSet = Annotated[Literal["default", "all"], Option(help="Which control conditions to train.")]
Gate = Annotated[bool, Option("--gate", help="Exit 1 where the version does not pass the student recipe's gate.")]
Budget = Annotated[str | None, Option(metavar="TIME", help="Fit student, steps and problems into 90s, 10m or 2h.")]
ReportTo = Annotated[list[str] | None, Option(metavar="TRACKER", help="A tracker that transformers knows.")]
SaveFolder = Annotated[Path | None, Option(metavar="DIR", help="Write the version's first student to a folder.")]
StudentWorkers = Annotated[
    int | None, Option(min=1, max=256, help="Students to train at once. Default: all processors.")
]

# Publishing
Repo = Annotated[str, Option(metavar="USER/NAME", help="The dataset on the Hub; created where it is missing.")]
Public = Annotated[bool, Option("--public", help="Make it public. Default: private.")]
DryRun = Annotated[bool, Option("--dry-run", help="Show files, card and checks; send nothing.")]
AllowSimulated = Annotated[
    bool, Option("--allow-simulated", help="Publish rationales that the simulated teacher wrote.")
]
AllowPersonalData = Annotated[
    bool, Option("--allow-personal-data", help="Publish although there are e-mail addresses or phone numbers.")
]
AllowRegression = Annotated[bool, Option("--allow-regression", help="Publish although the validation did not pass.")]
Tag = Annotated[str | None, Option(help="The tag. Default: v and the version.")]
Language = Annotated[
    list[str] | None, Option(metavar="CODE", help="Language of the texts, for the card. Default: the recipe's.")
]
TeacherTerms = Annotated[
    str | None,
    Option(metavar="TEXT", help="What the teacher's terms say about training, for the card. Default: the recipe's."),
]
License = Annotated[
    str | None,
    Option("--license", metavar="LICENSE", help="Licence of the dataset, such as cc-by-4.0. Default: the recipe's."),
]
