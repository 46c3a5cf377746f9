"""What a version took is within what its recipe allows, and what is judged again is told by what differs."""

from collections import Counter
from dataclasses import asdict, replace

import pytest

from cotloom.builder.audit.recompute import describe_difference
from cotloom.builder.audit.whole import Whole, check_hinted
from cotloom.builder.store import Version
from cotloom.schemas.frames import from_frame
from cotloom.schemas.sample import Consensus, Sample


@pytest.mark.parametrize(("hinted", "says"), [(25, []), (26, ["26 of 100 rows"])])
def test_more_hinted_rows_than_the_recipe_allows_are_named(quickstart, hinted, says):
    manifest = quickstart.manifest
    (item, *_) = manifest.mixture
    recipe = {**manifest.recipe, "mixture": {"stages": [{"name": item.stage, "hinted": "1/4"}]}}
    version = Version(path=quickstart.path, manifest=manifest.model_copy(update={"recipe": recipe}))
    named = f"mixed:{item.stage}:{item.source}"
    counts = Counter({f"{named}:rows": 100, f"{named}:hinted": hinted})

    found = list(check_hinted(Whole(version=version, outline=None, counts=counts, digests={})))

    assert [message[: len(start)] for message, start in zip(found, says, strict=True)] == says


def test_a_sample_that_is_judged_again_is_told_by_what_differs(quickstart):
    (first, *_) = from_frame(quickstart.read_table("samples").head(1), Sample)
    agreed = Consensus(answer="7", agreeing=3, answered=4, share=0.75)
    sample = replace(first, verdict="agreed", predicted="7", consensus=agreed)
    again = {"verdict": "agreed", "predicted": "7", "consensus": asdict(agreed)}

    assert list(describe_difference(sample, again)) == []
    assert list(describe_difference(sample, {**again, "verdict": "disagreed"})) == [
        f"{sample.sample_id} is stored as agreed; judged again, it is disagreed"
    ]
    assert list(describe_difference(sample, {**again, "predicted": "8"})) == [
        f"{sample.sample_id}: judged again, the answer read from its text is not the stored one"
    ]
    assert list(describe_difference(sample, {**again, "consensus": None})) == [
        f"{sample.sample_id}: judged again, what the samples of its problem agree on is not the stored answer"
    ]
