"""Licences: what speaks against giving a version on."""

import pytest

from cotloom.builder.audit.licenses import (
    COMPATIBLE,
    LICENSES,
    LicenseTerms,
    find_objections,
    list_source_licenses,
)


@pytest.fixture
def told(quickstart):
    """What speaks against a version of sources with these licences, under that of the recipe."""

    def objected(own: str | None, **licenses: str | None) -> list[str]:
        sources = [{"name": name, "kind": "file"} for name in licenses]
        recipe = {"license": own, "sources": [*sources, {"name": "made", "kind": "arithmetic"}]}
        licenses = {**licenses, "made": None}
        return list(find_objections(quickstart.manifest.model_copy(update={"recipe": recipe, "licenses": licenses})))

    return objected


@pytest.mark.parametrize(
    ("own", "source"),
    [
        ("apache-2.0", "mit"),
        ("Apache-2.0", "MIT"),
        ("cc-by-nc-sa-4.0", "cc-by-4.0"),
        ("cc-by-sa-4.0", "cc-by-sa-4.0"),
        ("cc-by-sa-4.0", "cc-by-sa-3.0"),
        ("cc-by-nc-sa-4.0", "cc-by-nc-4.0"),
        ("cc0-1.0", "pddl"),
        ("mit", "cc0-1.0"),
        ("my-own", "my-own"),
        ("mit", None),
        (None, "mit"),
        (None, "my-own"),
    ],
)
def test_what_a_licence_allows_is_let_through(told, own, source):
    assert told(own, s=source) == []


@pytest.mark.parametrize(
    ("own", "source", "why"),
    [
        ("cc0-1.0", "mit", "requires attribution"),
        ("apache-2.0", "cc-by-sa-4.0", "requires the same licence"),
        ("cc-by-sa-3.0", "cc-by-sa-4.0", "requires the same licence"),
        ("gpl-3.0", "cc-by-sa-4.0", "requires the same licence"),
        ("mit", "cc-by-nc-4.0", "forbids commercial use"),
        ("cc-by-nc-4.0", "cc-by-nc-sa-4.0", "forbids commercial use and requires the same licence"),
        ("cc-by-nd-4.0", "cc-by-nd-4.0", "forbids derived works"),
        ("mit", "my-own", "is not in the table of licences"),
        ("my-own", "mit", "my-own is not in the table of licences"),
    ],
)
def test_what_a_licence_does_not_allow_names_the_source_and_both_licences(told, own, source, why):
    (only,) = told(own, s=source)

    assert f"the source s has the licence {source}, which " in only
    assert why in only
    assert only.endswith(f"the recipe has the licence {own}")


def test_an_unknown_licence_is_named_where_the_recipe_names_none(told):
    assert told(None, a="mit", b=None) == ["the licence of the source b is unknown, and the recipe has no licence"]


def test_sources_that_no_licence_of_theirs_suits_need_one_in_the_recipe(told):
    assert told(None, a="mit", b="cc-by-sa-4.0") == []
    (only,) = told(None, a="cc-by-nc-4.0", b="cc-by-sa-4.0")
    assert "(a: cc-by-nc-4.0, b: cc-by-sa-4.0)" in only


def test_problems_that_programs_make_hold_nobodys_content(quickstart):
    assert quickstart.manifest.licenses == {"arithmetic": None}
    assert list_source_licenses(quickstart.manifest) == {}


def test_every_licence_may_be_given_on_under_itself_but_those_that_forbid_changes(told):
    for name, terms in LICENSES.items():
        assert (told(name, s=name) == []) == (terms is not LicenseTerms.NO_DERIVATIVES), name
    assert set(COMPATIBLE) == set(LicenseTerms)
