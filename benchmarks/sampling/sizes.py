"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """How much is measured; `--quick` takes less of everything."""

    curator_python: str | None = None
    """A Python that has `bespokelabs-curator`."""
    requests: int = 5_000
    at_once: int = 256
    turns: int = 3
    memory: tuple[int, ...] = (2_000, 5_000, 20_000, 50_000)
    """Requests of the runs whose memory is compared; with log probabilities the first two."""
    limited: int = 300
    """Requests to a server with a limit."""
    limit: float = 10.0
    """Requests a second that it serves."""
    problems: int = 300
    """Problems that are sampled in rounds."""
    kills: int = 10
    killed: int = 2_000
    """Requests of a build that is killed."""


def make_quick(curator_python: str | None) -> Size:
    """Make a size that takes a few minutes."""
    return Size(
        curator_python=curator_python, requests=1_000, turns=1, memory=(500, 1_000, 4_000), limited=100, limit=20.0,
        problems=60, kills=4, killed=400,
    )  # fmt: skip
