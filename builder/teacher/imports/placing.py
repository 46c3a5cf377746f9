"""Which request a response from elsewhere answers, and how the ledger has it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from ....schemas.ids import NotCanonicalError, format_canonical
from ...errors import InputError
from ..chat_responses import explain_no_answer, read_chat_choices
from ..request import Answer, Request, Response, ResponseKind
from ..responses import encode_answers
from .records import ForeignResponse, LeftOut, Match
from .requests import RequestAgreement, RequestIndex
from .results import ForeignImport, ImportOptions
from .sampling import normalize_sampling

_DIFFERENCES = 5
"""Parameters that are named where requests differ."""
_LONGEST_ID = 300
"""Characters that an id may have."""
_TAKEN: Mapping[Match, frozenset[RequestAgreement]] = {
    Match.REQUEST: frozenset({RequestAgreement.REQUEST}),
    Match.MESSAGES: frozenset({RequestAgreement.REQUEST, RequestAgreement.MESSAGES}),
    Match.QUESTION: frozenset({RequestAgreement.REQUEST, RequestAgreement.MESSAGES, RequestAgreement.QUESTION}),
}
"""What an answer may have in common with a request of the recipe so that it is taken for an answer to it."""


@dataclass(frozen=True, slots=True)
class PlacedResponse:
    """A response, and the request that it answers."""

    request: Request
    """The request."""
    response: Response
    """What the ledger will have."""
    places: Sequence[int]
    """The numbers of its choices that are answers."""
    is_vouched: bool
    """Whether the user vouches for what was not recorded."""
    cost_usd: float | None
    """What it cost, as the tool says."""
    has_id: bool
    """Whether the server's own id tells it apart from others with the same text."""


@dataclass(frozen=True, slots=True)
class Placing:
    """What the place of a response depends on."""

    options: ImportOptions
    """What the user says."""
    index: RequestIndex | None
    """The requests of the user's recipe."""
    forgotten: frozenset[str]
    """Problems whose answers were erased."""
    default_endpoint: str
    """The endpoint of a teacher that names none."""


def place_response(response: ForeignResponse, placing: Placing, result: ForeignImport) -> PlacedResponse | LeftOut:
    """Find the request that a response answers, and write the response as the ledger has it.

    Args:
        response: the response.
        placing: what the user says.
        result: what it has in common with the recipe's requests is counted there.

    Raises:
        InputError: nobody says who wrote it.
    """
    options = placing.options
    model = _resolve_model(response.model, options)
    if model is None:
        return LeftOut.OTHER_MODEL
    try:
        own = _make_own(response, model, placing)
    except NotCanonicalError:
        return LeftOut.NOT_TEXT
    agreement, request = _find_request(response, model, own, placing, result)
    labels = _make_labels(response, options, agreement) if request is not None else None
    if request is None and options.match is Match.REQUEST:
        request = own
    if request is None:
        return LeftOut.NO_PROMPT if options.match is Match.REQUEST else LeftOut.UNMATCHED
    if request.problem_id in placing.forgotten or (placing.forgotten and not request.problem_id):
        return LeftOut.ERASED
    return _write_response(response, request, labels)


def _resolve_model(recorded: str | None, options: ImportOptions) -> str | None:
    """Resolve who wrote an answer; None where it is not the model that the user names.

    Raises:
        InputError: nobody says so.
    """
    named = options.model
    if named is None and recorded is None:
        raise InputError(
            f"the files of {options.name} do not say which model wrote the answers", hint="name it: --model NAME"
        )
    if named is None or recorded is None:
        return recorded if named is None else named
    return named if recorded == named or recorded.endswith(f"/{named}") else None  # some put the provider before it


def _make_own(response: ForeignResponse, model: str, placing: Placing) -> Request | None:
    """Make the request that a response answers; None where not all of it was recorded.

    Raises:
        NotCanonicalError: it has what no request can have, such as half of a surrogate pair.
    """
    if response.messages is None or response.sampling is None:
        return None
    options, known = placing.options, {} if placing.index is None else placing.index.endpoints
    return Request(
        problem_id="",
        messages=response.messages,
        model=model,
        endpoint=options.endpoint or known.get(model) or placing.default_endpoint,
        sampling=normalize_sampling(response.sampling),
    )


def _find_request(
    response: ForeignResponse, model: str, own: Request | None, placing: Placing, result: ForeignImport
) -> tuple[RequestAgreement | None, Request | None]:
    """Find the request of the recipe that a response is taken to answer; none without a recipe."""
    if placing.index is None:
        return None, None
    agreement, request = placing.index.find(model, own, response.messages, response.question)
    result.agreements[agreement] += 1
    if agreement is RequestAgreement.MESSAGES and own is not None and request is not None:
        result.difference = result.difference or _describe_difference(own, request)
    return agreement, request if agreement in _TAKEN[placing.options.match] else None


def _describe_difference(own: Request, other: Request) -> str:
    """Describe in what two requests with the same messages differ."""
    there, here = {"endpoint": own.endpoint, **own.sampling}, {"endpoint": other.endpoint, **other.sampling}
    names = [name for name in sorted({*there, *here}) if there.get(name) != here.get(name)][:_DIFFERENCES]
    return "; ".join(f"{name} is {_show(there, name)} there and {_show(here, name)} in the recipe" for name in names)


def _show(values: Mapping[str, Any], name: str) -> str:
    return format_canonical(values[name]) if name in values else "not given"


def _make_labels(response: ForeignResponse, options: ImportOptions, agreement: RequestAgreement | None) -> str | None:
    """Make the labels of an answer that the user vouches for, which every row made from it has; None for others."""
    if agreement is RequestAgreement.REQUEST:
        return None
    labels = {
        "imported_from": options.name,
        "matched_by": str(agreement),
        "seed": response.seed,
        "response_id": _find_id(response),
    }
    return format_canonical({name: value for name, value in labels.items() if value is not None})


def _find_id(response: ForeignResponse) -> str | None:
    """Find the server's own id of a response."""
    name = response.completion.get("id") if response.is_raw else None
    return name if isinstance(name, str) and name.isascii() and 0 < len(name) <= _LONGEST_ID else None


def _write_response(response: ForeignResponse, request: Request, labels: str | None) -> PlacedResponse | LeftOut:
    """Write a response as the ledger has it: as the server sent it, where it answers this very request."""
    body = _encode(response.completion)
    answers = {
        place: choice
        for place, choice in enumerate(read_chat_choices(body))
        if isinstance(choice, Answer) and explain_no_answer(choice) is None
    }
    if not answers:
        return LeftOut.EMPTY
    if response.is_raw and labels is None:
        written, places = Response(ResponseKind.CHAT, body), [*answers]
    else:
        written = encode_answers([replace(answer, labels=labels) for answer in answers.values()])
        places = [*range(len(answers))]
    has_id = _find_id(response) is not None
    return PlacedResponse(request, written, places, labels is not None, response.cost_usd, has_id)


def _encode(completion: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(completion)
    except TypeError:  # half of a surrogate pair, or an integer of more than 64 bits
        return json.dumps(completion).encode()
