"""How many tokens a request will take, guessed before it is sent."""

_CHARACTERS = 4.0
"""Characters of a prompt that are one token; only a start, which usage corrects."""

_DEFAULT = 256.0
"""Tokens of an answer about which nothing is known."""

_WEIGHT = 0.05
"""How much one answer moves a mean."""


class TokenEstimate:
    """Estimates the tokens of a request: prompt and answer together.

    Args:
        max_tokens: the most that an answer may have; half of it is expected of the first.
    """

    def __init__(self, max_tokens: int | None = None) -> None:
        self._completion = max_tokens / 2 if max_tokens else _DEFAULT
        self._per_character = 1 / _CHARACTERS
        self._count = 0

    def estimate(self, characters: int, answers: int = 1) -> int:
        """Estimate the tokens of a request.

        Args:
            characters: those of its messages.
            answers: how many it asks for.
        """
        return max(1, round(characters * self._per_character + answers * self._completion))

    def learn(self, characters: int, prompt_tokens: int, completion_tokens: int, answers: int = 1) -> None:
        """Learn from the usage that a server states."""
        self._count += 1
        weight = max(_WEIGHT, 1 / self._count)
        self._completion += weight * (completion_tokens / max(1, answers) - self._completion)
        if characters > 0 and prompt_tokens > 0:
            self._per_character += weight * (prompt_tokens / characters - self._per_character)
