"""A process that loads a dataset from the Hub with `load_dataset` and an empty cache.

Run as a module: requests arrive on stdin, one JSON object per line; responses go to stdout.
"""

import json
import os
import sys
from collections.abc import Sequence

from datasets import load_dataset


def count_rows(repo: str, configs: Sequence[str], revision: str) -> dict[str, int]:
    """Load each config at a revision, and count its rows in all splits."""
    loaded = {config: load_dataset(repo, config, revision=revision) for config in configs}
    return {config: sum(split.num_rows for split in splits.values()) for config, splits in loaded.items()}


def main() -> None:
    """Respond until stdin ends."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as out:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # output of the library is no response
        for line in sys.stdin:
            request = json.loads(line)
            rows = count_rows(request["repo"], request["configs"], request["revision"])
            out.write(f"{json.dumps(rows)}\n")
            out.flush()


if __name__ == "__main__":
    main()
