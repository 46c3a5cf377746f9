"""A process that scores answers with the scorers of reasoning-gym.

It reads requests from stdin, one JSON object a line, and answers each. Several scorers evaluate what they are given,
and turn an error into a low score. So while a scorer runs, the interpreter refuses to compile, execute, import or open
anything, and what was refused is an error, whatever the score (laws 2 and 7). Memory is limited, and the system ends
the process where a scorer does not end.
"""

import json
import signal
import sys
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

import reasoning_gym

from ...line_process import serve_lines

MEMORY = 500 << 20
"""Bytes that scoring may take beyond what the library takes."""

REFUSED = frozenset({
    "compile", "exec", "import", "open", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn",
    "os.spawn", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.listdir", "os.putenv",
    "subprocess.Popen", "socket.__new__", "socket.connect", "ctypes.dlopen", "code.__new__", "marshal.loads",
    "pickle.find_class", "shutil.rmtree",
})  # fmt: skip
"""What a scorer may not do, by the interpreter's names of events."""

MOST_WORDS = 200
"""Characters of an error that are told."""

_MAKING_S = 60
"""The processor time that making a problem again may take."""


class Guard:
    """Refuses what would execute an answer, while it is armed. A hook of the interpreter can't be removed."""

    def __init__(self) -> None:
        """Install the hook."""
        self._is_armed = False
        self._refused: list[str] = []
        sys.addaudithook(self._check_event)

    def _check_event(self, event: str, _arguments: tuple[Any, ...]) -> None:
        if self._is_armed and event in REFUSED:
            self._refused.append(event)
            raise PermissionError(event)

    def run_scorer(self, dataset: Any, answer: str, entry: Mapping[str, Any]) -> float:
        """Have an answer scored while the hook is armed."""
        self._is_armed = True
        try:
            return float(dataset.score_answer(answer, entry))
        finally:
            self._is_armed = False

    def take_refused(self) -> str | None:
        """Say what was refused since this was asked last."""
        refused, self._refused = self._refused, []
        return f"the scorer would execute something: {refused[0]}" if refused else None


@lru_cache(maxsize=8)
def _make_dataset(described: str) -> Any:
    made = json.loads(described)
    return reasoning_gym.create_dataset(made["task"], size=made["size"], seed=made["seed"], **made["settings"])


def score_request(guard: Guard, request: Mapping[str, Any]) -> dict[str, Any]:
    """Make a problem again, and score an answer to it: the score, or an error."""
    try:
        score = _score_answer(guard, request)
    except MemoryError:
        return {"error": guard.take_refused() or "scoring takes too much memory"}
    except Exception as error:  # noqa: BLE001 - law 2: a library that raises says nothing about the answer
        return {"error": guard.take_refused() or f"reasoning-gym raised {type(error).__name__}: {error}"[:MOST_WORDS]}
    refused = guard.take_refused()
    return {"error": refused} if refused else {"score": score}


def _score_answer(guard: Guard, request: Mapping[str, Any]) -> float:
    entry = request["entry"]
    signal.setitimer(signal.ITIMER_PROF, _MAKING_S)
    dataset = _make_dataset(json.dumps({name: entry[name] for name in ("task", "size", "seed", "settings")}))
    made = dataset[entry["index"]]
    if str(made["question"]).strip() != request["question"]:
        message = "it makes another problem of what is stored"
        raise LookupError(message)
    signal.setitimer(signal.ITIMER_PROF, request["seconds"])
    return guard.run_scorer(dataset, request["answer"], made)


def main() -> None:
    """Answer requests until stdin ends."""
    serve_lines(partial(score_request, Guard()), MEMORY)


if __name__ == "__main__":
    main()
