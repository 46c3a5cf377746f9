"""A dataset checked up, without a command line."""

import pytest

from cotloom.builder.commands.dataset_audit import check_up as check_up_named
from cotloom.schemas.runtime import Runtime


@pytest.fixture
def check_up():
    def checked(path, *, against=(), fields=(), share=None, workers=1):
        return check_up_named(str(path), list(map(str, against)), list(fields), share, Runtime(workers=workers))

    return checked
