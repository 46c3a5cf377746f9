"""The program in a process of its own, whose libraries speak to a test Hub."""

import hashlib
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from cotloom.schemas.validation import EvalEnvironment, GateResult, Validation
from tests.conftest import PATIENCE_S, ROOT, Ran
from tests.publish.hub import Hub

TOKEN = "write.CANARY.8d1f60"  # noqa: S105 - of a Hub that this test serves
READER = "read.CANARY.2b77ac"
OWNER = "people"
FILES, MANIFEST = "cotloom/files.json", "cotloom/manifest.json"


class Program:
    """A process that runs commands, started anew where it was killed."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        self.hub, self.folder, self.starts = hub, folder, 0
        self.process: subprocess.Popen[str] | None = None

    def __call__(self, *words: object, **environment: str | None) -> Ran:
        """Run a command; variables of the environment stay until the next."""
        process = self.process
        if process is None or process.poll() is not None:
            self.close()
            process = self.process = self._started()
        given = {"HF_TOKEN": TOKEN, **environment}
        asked = {"words": [str(word) for word in words], "environment": given}
        try:
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        return Ran(*json.loads(answer)) if answer else Ran(process.wait(timeout=60), "", "")

    @property
    def home(self) -> Path:
        """Where the process writes. Each has its own: what a killed one started may outlive it by a moment."""
        return self.folder / str(self.starts)

    def kill(self) -> None:
        """End it at once, whatever it does, and see it gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=PATIENCE_S)

    def written(self) -> dict[str, bytes]:
        """Everything that it left on disk outside of stores."""
        return {str(path): path.read_bytes() for path in self.home.rglob("*") if path.is_file()}

    def _started(self) -> subprocess.Popen[str]:
        self.starts += 1
        (self.home / "tmp").mkdir(parents=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
        environment = {
            **kept,
            "HF_ENDPOINT": self.hub.url,
            "HF_HOME": str(self.home / "hf"),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_ETAG_TIMEOUT": str(PATIENCE_S),  # a machine under load is no Hub that is gone
            "HF_HUB_DOWNLOAD_TIMEOUT": str(PATIENCE_S),
            "TMPDIR": str(self.home / "tmp"),
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
        }
        command = [sys.executable, "-m", "tests.publish.worker"]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT
        )

    def close(self) -> None:
        """End it and its pipes."""
        if self.process is not None:
            self.process.kill()
            with suppress(BrokenPipeError):  # what it was told last may never have reached it
                self.process.stdin.close()
            self.process.stdout.close()
            self.process.wait(timeout=60)


def listed_anew(files: dict[str, bytes], name: str, content: bytes) -> None:
    """Change a file of a published version, and the list of files with it."""
    files[name] = content
    listed = json.loads(files[FILES])
    listed[name] |= {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    files[FILES] = json.dumps(listed).encode()


def manifest_with(files: dict[str, bytes], **changes: object) -> None:
    """Change what the manifest of a published version says."""
    listed_anew(files, MANIFEST, json.dumps({**json.loads(files[MANIFEST]), **changes}).encode())


def validation(content_digest: str, *, passed: bool | None) -> str:
    """What `validation.json` says of a version."""
    found = Validation(
        ref="sums@1.0.0",
        content_digest=content_digest,
        parent=None,
        simulated=False,
        summary="it was tried",
        student={},
        student_digest="0",
        training_runs=(),
        scores=(),
        differences=(),
        gate=GateResult(passed=passed, reasons=("worse than its parent",)),
        environment=EvalEnvironment(
            batch_size=1, device="cpu", dtype="float32", torch="2", transformers="5", cotloom="0"
        ),
    )
    return found.model_dump_json()


def version_of(rows: int, version: str, folder: Path, build_recipe: Any, **keys: Any) -> Path:
    """Build a version whose answers somebody wrote, in a store of its own, and say where it lies."""
    folder.mkdir(parents=True)
    questions = [{"q": f"What is {n} + 1?", "a": n + 1, "c": f"{n} + 1 = {n + 1}\nA: {n + 1}"} for n in range(rows)]
    (folder / "s.jsonl").write_text("\n".join(map(json.dumps, questions)))
    source = {"name": "s", "kind": "file", "path": "s.jsonl", "fields": {"question": "q", "answer": "a"}}
    completions = [{"column": "c", "teacher": "people"}]
    recipe = {
        "name": "sums",
        "version": version,
        "license": "apache-2.0",
        "sources": [{**source, "license": "mit"}],
        "teacher": {
            "backend": "recorded",
            "answers": {"path": "s.jsonl", "problem": "q", "completions": completions},
        },
        "verify": {"pattern": "A: (.+)"},
        **keys,
    }
    (folder / "r.yaml").write_text(json.dumps(recipe))
    return build_recipe(folder / "r.yaml", folder / "store").version.path
