"""What the server answers: a function of the request's body alone, written with as little work as possible."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import orjson
from xxhash import xxh3_64_intdigest

from .settings import Answers

SUM = re.compile(r"(\d+) ([+*-]) (\d+)\?")
"""The question that is answered without a table."""

FILLER = (
    "That is what the question asks for, and each number of it was used once. "
    "Nothing else of the text matters here, so the rest is left as it stands. "
    "It helps to go through the words again before an answer is written down. "
)
"""Sentences without numbers, so that the path of a solution does not change."""

_WORD = re.compile(r"\s*\S+")
_OPERATORS: Mapping[str, Callable[[int, int], int]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
}


class AnswerWriter:
    """Writes the body of a completion."""

    def __init__(self, settings: Answers) -> None:
        self._settings = settings
        table = Path(settings.table).read_bytes() if settings.table else b"{}"
        self._table: Mapping[str, list[str]] = orjson.loads(table)

    def list_texts(self, body: Mapping[str, Any], key: int) -> list[str]:
        """List the texts of the choices; `key` decides each draw."""
        question = body["messages"][-1]["content"]
        count = body.get("n", 1) if self._settings.n == "honoured" else 1
        return [self._write_text(question, (key + 7919 * place) & 0xFFFFFFFF) for place in range(count)]

    def _write_text(self, question: str, draw: int) -> str:
        texts = self._table.get(question.partition("\n\n")[0]) if self._table else None
        text = texts[draw % len(texts)] if texts else write_solution(question, draw, self._settings.wrong_share)
        return fill_text(text, self._settings.tokens)

    def write_completion(self, body: Mapping[str, Any], texts: list[str], prompt_tokens: int, tokens: int) -> bytes:
        """Write a completion."""
        top = int(body.get("top_logprobs") or 0)
        choices = b",".join(
            b'{"index":%d,"finish_reason":"stop","message":%b,"logprobs":%b}'
            % (place, _write_message(text, self._settings.reasoning), _write_logprobs(text, top) if top else b"null")
            for place, text in enumerate(texts)
        )
        return (
            b'{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":%b,"choices":[%b],"usage":'
            b'{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d},"system_fingerprint":"fp_1"}'
            % (orjson.dumps(body["model"]), choices, prompt_tokens, tokens, prompt_tokens + tokens)
        )


def write_solution(question: str, draw: int, wrong_share: float) -> str:
    """Solve the last sum of a question in one of several ways, or wrongly."""
    found = SUM.findall(question)
    if not found:
        return "I do not know."
    one, sign, other = int(found[-1][0]), found[-1][1], int(found[-1][2])
    right = _OPERATORS[sign](one, other)
    if draw % 1000 < 1000 * wrong_share:
        return f"{one} {sign} {other} = {right + 1}. The answer is {right + 1}."
    by = 1 + draw // 1000 % 9
    way = draw // 9000 % 3
    if way == 0:
        return f"{one} {sign} {other} = {right}. The answer is {right}."
    if way == 1:
        return f"{right + by} - {by} = {right}. {one} {sign} {other} = {right}. The answer is {right}."
    return f"{right} * {by} = {right * by}. {right * by} / {by} = {right}. The answer is {right}."


def fill_text(text: str, tokens: int) -> str:
    """Fill a text up to so many words, before its last sentence."""
    missing = tokens - text.count(" ") - 1
    if missing <= 0:
        return text
    before, mark, last = text.rpartition("The answer is")
    return f"{before}{_make_filler(missing)} {mark}{last}" if mark else f"{text} {_make_filler(missing)}"


@cache
def _make_filler(words: int) -> str:
    known = FILLER.split()
    return " ".join((known * (words // len(known) + 1))[:words]).rstrip(".") + "."


def _write_message(text: str, reasoning: str | None) -> bytes:
    message: dict[str, str] = {"role": "assistant", "content": text}
    before, mark, last = text.rpartition("The answer is")
    if reasoning == "field" and mark:
        message |= {"content": mark + last, "reasoning_content": before.strip()}
    elif reasoning == "tags" and mark:
        message |= {"content": f"<think>\n{before.strip()}\n</think>\n\n{mark}{last}"}
    return orjson.dumps(message)


def _write_logprobs(text: str, top: int) -> bytes:
    return b'{"content":[%b]}' % b",".join(_write_token(token, top) for token in _WORD.findall(text))


@lru_cache(maxsize=100_000)
def _write_token(token: str, top: int) -> bytes:
    """Write a token with its alternatives; the same token is always as likely."""
    return orjson.dumps({**_describe_token(token, 0), "top_logprobs": [*_list_alternatives(token, top)]})


def _list_alternatives(token: str, top: int) -> Iterator[dict[str, Any]]:
    return (_describe_token(token if place == 0 else f"{token}{place}", place) for place in range(top))


def _describe_token(token: str, place: int) -> dict[str, Any]:
    logprob = -0.05 - 1.25 * place - xxh3_64_intdigest(token.encode()) % 1000 / 10_000
    return {"token": token, "logprob": logprob, "bytes": [*token.encode()]}


def write_error(message: str, code: str | None = None, **more: str) -> bytes:
    """Write an error in OpenAI's shape."""
    return json.dumps({"error": {"message": message, "type": "error", "code": code, **more}}).encode()
