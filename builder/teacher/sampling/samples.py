"""Samples made of answers: from one call, or from two."""

from dataclasses import replace

from ....schemas.reasons import Fate, Reason, Stage
from ....schemas.sample import Hint, Sample, TokenLogprob, make_sample_id
from ..backends.protocol import CompletionRequest, FailedRequest
from ..chat_usage import add_usage
from ..request import Answer
from ..responses import count_parts


def make_sample(request: CompletionRequest, result: Answer | FailedRequest, hint: Hint, number: int) -> Sample:
    """Make the sample of an answer, or of a request that brought none.

    Args:
        request: what was requested.
        result: what came.
        hint: whether the gold answer was shown.
        number: the number of the round.
    """
    digest = request.request.digest
    sample = Sample(
        sample_id=make_sample_id(request.problem.problem_id, digest, request.sample_index),
        problem_id=request.problem.problem_id,
        request_digests=(digest,),
        sample_index=request.sample_index,
        teacher=request.request.model,
        hint=hint,
        round=number,
    )
    if isinstance(result, FailedRequest) or result.refusal is not None:
        return _drop_failed(sample, result)
    reasoning_tokens, response_tokens = count_parts(result)
    return replace(
        sample,
        simulated=result.simulated,
        text=result.text,
        reasoning=result.reasoning,
        finish_reason=result.finish_reason,
        usage=result.usage,
        served_model=result.served_model,
        fingerprint=result.fingerprint,
        response_id=result.response_id,
        reasoning_tokens=reasoning_tokens,
        response_tokens=response_tokens,
        token_logprobs=result.token_logprobs,
        labels=result.labels,
    )


def _drop_failed(sample: Sample, result: Answer | FailedRequest) -> Sample:
    detail = result.error.message if isinstance(result, FailedRequest) else result.refusal
    return replace(sample, stage=Stage.TEACHER, fate=Fate.DROPPED, reason=Reason.REQUEST_FAILED, detail=detail)


def add_second_call(sample: Sample, follow_up: CompletionRequest, result: Answer | FailedRequest) -> Sample:
    """Add the answer of a second call to a sample of reasoning, with the log probabilities of both calls."""
    sample = replace(sample, request_digests=(*sample.request_digests, follow_up.request.digest))
    if isinstance(result, FailedRequest) or result.refusal is not None:
        return _drop_failed(sample, result)
    reasoning_tokens, response_tokens = count_parts(result)
    cut = "length" if "length" in {sample.finish_reason, result.finish_reason} else result.finish_reason
    between = f"{NEW_PARAGRAPH if sample.text else ''}{SECOND_ANSWER}"
    return replace(
        sample,
        text=f"{sample.text or ''}{between}{result.text or ''}".rstrip(),
        token_logprobs=_join_logprobs(sample, between, result),
        finish_reason=cut,
        usage=add_usage(sample.usage, result.usage),
        reasoning_tokens=_add_tokens(sample.reasoning_tokens, reasoning_tokens),
        response_tokens=_add_tokens(sample.response_tokens, response_tokens),
    )


def add_blind_check(sample: Sample, request: CompletionRequest, result: Answer | FailedRequest) -> Sample:
    """Add what the teacher answered to its own rationale without the hint."""
    sample = replace(sample, request_digests=(*sample.request_digests, request.request.digest))
    if isinstance(result, FailedRequest):
        return _drop_failed(sample, result)
    return replace(sample, blind_text=result.text)


NEW_PARAGRAPH = "\n\n"
SECOND_ANSWER = "Answer: "
"""What stands before the answer of a second call."""


def _join_logprobs(sample: Sample, between: str, result: Answer) -> tuple[TokenLogprob, ...] | None:
    """Join the log probabilities of two calls. What stands between them is certain: no model wrote it."""
    first, second = sample.token_logprobs, result.token_logprobs
    if second is None or (first is None and sample.text):
        return None
    return (*(first or ()), TokenLogprob(token=between, logprob=0.0), *second)


def _add_tokens(first: int | None, second: int | None) -> int | None:
    return None if first is None or second is None else first + second
