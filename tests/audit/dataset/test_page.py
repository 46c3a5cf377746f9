"""docs/audit.md says of every check what it means, and of nothing else."""

import re
from pathlib import Path

from cotloom.builder.audit.dataset import CHECKS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "audit.md"


def test_the_page_names_every_check_and_no_other():
    table = PAGE.read_text("utf-8").split("## What is looked for")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]

    assert {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} == {check.name for check in CHECKS}
