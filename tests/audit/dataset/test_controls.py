"""Nothing is found in what is clean: three datasets of different shapes, and what was published for years."""

import pytest

from .rows import CONTROLS, make_solved, write_rows


@pytest.mark.parametrize("name", CONTROLS)
def test_nothing_is_found_in_a_clean_dataset(name, tmp_path, check_up):
    report = check_up(write_rows(tmp_path / "rows.jsonl", CONTROLS[name]()))

    assert [(finding.check, finding.message, finding.places) for finding in report.findings] == []
    assert report.is_clean
    assert report.counts["rows"] == report.counts["distinct_questions"] == len(CONTROLS[name]())


def test_nothing_is_found_in_a_clean_folder_with_a_true_card(tmp_path, check_up):
    rows = make_solved(60)
    write_rows(tmp_path / "data" / "train.jsonl", rows[:50])
    write_rows(tmp_path / "data" / "test.jsonl", rows[50:])
    (tmp_path / "README.md").write_text(
        "---\nlicense: mit\nsize_categories: [n<1K]\ndataset_info:\n  splits:\n"
        "  - {name: train, num_examples: 50}\n  - {name: test, num_examples: 10}\n---\n# Problems\n"
    )

    report = check_up(tmp_path)

    assert report.findings == ()
    assert {"card_rows", "card_size", "card_license", "crosses_splits"} <= set(report.passed)


def test_the_training_split_of_gsm8k_has_what_is_known_of_it_and_no_more(data, check_up):
    report = check_up(data / "gsm8k" / "train.jsonl", share=0.1)

    assert {finding.check for finding in report.findings} <= {"wrong_steps", "near_duplicates"}
    assert (report.counts["rows"], report.counts["distinct_questions"], report.is_clean) == (7473, 7473, True)


def test_labels_of_published_solutions_are_those_of_the_verifier(data, check_up):
    report = check_up(data / "gsm8k" / "model_solutions.jsonl")

    assert report.is_clean
    assert "contradicted_labels" in report.passed
    assert {finding.check for finding in report.findings} == {"suspect_golds", "wrong_steps", "loops"}
