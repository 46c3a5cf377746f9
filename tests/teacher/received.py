"""Responses as a backend hands them on, made from answers."""

from collections.abc import Sequence

from cotloom.builder.teacher.ledger import Ledger
from cotloom.builder.teacher.request import Answer, ReceivedResponse, Request
from cotloom.builder.teacher.responses import encode_answers


def received(request: Request, index: int, answer: Answer) -> ReceivedResponse:
    return ReceivedResponse(request, encode_answers([answer]), {index: 0})


def record(ledger: Ledger, answers: Sequence[tuple[Request, int, Answer]]) -> None:
    ledger.record([received(*item) for item in answers])
