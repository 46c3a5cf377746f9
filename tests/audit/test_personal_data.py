"""What must not leave: keys of every known shape, e-mail addresses and phone numbers, in every column and document."""

import base64
import json
import re
import string

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cotloom.builder.audit import audit, run_checks
from cotloom.builder.audit.texts import values
from cotloom.builder.audit.texts.personal_data import EMAIL, PHONE, REGIONS, list_regions, search_personal_data
from cotloom.builder.audit.texts.secret_patterns import PATTERNS
from cotloom.builder.audit.texts.secrets import search_secrets
from cotloom.builder.audit.texts.values import extract_texts, search_table
from cotloom.builder.store import read_version
from tests.forged import rewrite, write_manifest
from tests.publish.versions import recorded

HEX, WORD, UPPER = "0a1b2c3d4e5f6789" * 8, "aB3dE6gH9jK2mN5pQ8sT" * 8, "A1B2C3D4E5F6G7H8J9K0" * 3
SECRETS = {
    "a Hugging Face token": ["hf_" + WORD[:34], "api_org_" + WORD[:34]],
    "an Anthropic API key": ["sk-ant-api03-" + WORD[:40] + "-_" + WORD[:50]],
    "an API key": ["sk-" + WORD[:48], "sk-proj-" + WORD[:20] + "-_" + WORD[:100], "sk-or-v1-" + HEX[:64],
                   "sk-svcacct-" + WORD[:60]],
    "a Groq key": ["gsk_" + WORD[:52]],
    "an xAI key": ["xai-" + WORD[:80]],
    "an NVIDIA key": ["nvapi-" + WORD[:64]],
    "a Cerebras key": ["csk-" + HEX[:48]],
    "a Perplexity key": ["pplx-" + WORD[:48]],
    "a Replicate token": ["r8_" + WORD[:37]],
    "an AWS access key": ["AKIA" + UPPER[:16], "ASIA" + UPPER[:16]],
    "an AWS secret key": ["aws_secret_access_key = " + WORD[:40], 'AWS_SECRET_ACCESS_KEY="' + WORD[:40] + '"'],
    "a private key": ["-----BEGIN OPENSSH PRIVATE KEY-----", "-----BEGIN PGP PRIVATE KEY BLOCK-----",
                      "-----BEGIN EC PRIVATE KEY-----", "PuTTY-User-Key-File-2: ssh-rsa"],
    "an age key": ["AGE-SECRET-KEY-1" + UPPER[:58]],
    "a GitHub token": ["ghp_" + WORD[:36], "gho_" + WORD[:36], "github_pat_" + WORD[:22] + "_" + WORD[:59]],
    "a GitLab token": ["glpat-" + WORD[:20]],
    "a Google API key": ["AIza" + WORD[:35]],
    "a Google OAuth token": ["ya29." + WORD[:60], "GOCSPX-" + WORD[:28]],
    "a Slack token": ["xoxb-123456789012-" + WORD[:24], "xapp-1-A0123-" + WORD[:20]],
    "a Slack webhook": ["https://hooks.slack.com/services/T0AAAAAAA/B0AAAAAAA/" + WORD[:24]],
    "a Discord token": ["M" + WORD[:23] + "." + WORD[:6] + "." + WORD[:30]],
    "a Discord webhook": ["https://discord.com/api/webhooks/123456789012345678/" + WORD[:68]],
    "a Telegram bot token": ["123456789:AA" + WORD[:33]],
    "a Stripe key": ["sk_live_" + WORD[:24], "rk_test_" + WORD[:24], "whsec_" + WORD[:32]],
    "a Square token": ["sq0atp-" + WORD[:22], "EAAA" + WORD[:60]],
    "a Shopify token": ["shpat_" + HEX[:32]],
    "a SendGrid key": ["SG." + WORD[:22] + "." + WORD[:43]],
    "a Mailgun key": ["key-" + HEX[:32]],
    "a Mailchimp key": [HEX[:32] + "-us12"],
    "a Twilio key": ["SK" + HEX[:32]],
    "an npm token": ["npm_" + WORD[:36]],
    "a PyPI token": ["pypi-AgEIcHlwaS5vcmc" + WORD[:80]],
    "a Docker token": ["dckr_pat_" + WORD[:27]],
    "a DigitalOcean token": ["dop_v1_" + HEX[:64]],
    "an Azure storage key": ["AccountKey=" + WORD[:86] + "=="],
    "an Azure client secret": ["abc8Q~" + WORD[:34]],
    "a Databricks token": ["dapi" + HEX[:32]],
    "a Vault token": ["hvs." + WORD[:90]],
    "a Terraform token": [WORD[:14] + ".atlasv1." + WORD[:67]],
    "a Grafana token": ["glsa_" + WORD[:32] + "_" + HEX[:8]],
    "a Sentry token": ["sntrys_" + WORD[:80], "sntryu_" + HEX[:64]],
    "a New Relic key": ["NRAK-" + UPPER[:27]],
    "a Notion token": ["ntn_" + WORD[:46], "secret_" + WORD[:43]],
    "a Linear key": ["lin_api_" + WORD[:40]],
    "an Airtable token": ["pat" + WORD[:14] + "." + HEX[:64]],
    "a Figma token": ["figd_" + WORD[:40]],
    "a Postman key": ["PMAK-" + HEX[:24] + "-" + HEX[:34]],
    "a Supabase token": ["sbp_" + HEX[:40]],
    "a Tailscale key": ["tskey-auth-" + WORD[:20]],
    "a JSON web token": [".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=")
                                  for part in ('{"alg":"HS256","typ":"JWT"}', '{"sub":"1234567890"}', WORD[:32]))],
    "an authorization header": ["Authorization: Basic " + WORD[:24], '"authorization": "Bearer ' + WORD[:24] + '"'],
    "an address with a password": ["postgres://ann:hush4c1e@db.internal:5432/x", "https://ann:hush4c1e@host.org/",
                                   "redis://:hush4c1e@10.0.0.1:6379", "mongodb+srv://u:hush4c1e@cluster.mongodb.net"],
}  # fmt: skip

EMAILS = [
    "ann@mail.org", "Ann.Lee+news@uni-koeln.de", "o'brien@some-firm.co.uk", "x_1@sub.domain.museum", "a@b.io",
    "UPPER@CASE.COM", "first.last@students.uni.edu", "1234@qq.com",
]  # fmt: skip
NO_EMAILS = [
    "ann@example.com", "ann@mail.example.org", "a@b.test", "a@b.invalid", "root@localhost", "ann@home", "@handle",
    "git@github.com:user/repo.git", "noreply@firm.com", "X@W.sum", "A @ B", "logo@2x.png", "x@y", "f(x)@3.5", "5@$2.50",
    "@property", "pkg@1.2.3", "user@host.sum",
]  # fmt: skip
PHONES = [
    "+1 212 555 0123", "+1-212-555-0123", "+12125550123", "(212) 555-0123", "212-555-0123", "212.555.0123",
    "1-212-555-0123", "+44 20 7946 0958", "020 7946 0958", "+44 (0)20 7946 0958", "+49 30 23125 123", "030 23125123",
    "0049 30 23125 123", "+33 1 99 00 12 34", "01 99 00 12 34", "+61 2 5550 1234", "+81 3-1234-5678",
    "+86 10 1234 5678", "+91 98765 43210", "+7 495 123-45-67", "+55 11 91234-5678", "+4915112345678",
]  # fmt: skip
NO_PHONES = [
    "3 + 4 = 7", "12345678901234", "1,234,567,890", "100-200-300", "555-1234", "02/01/2020", "2020-01-02",
    "01.02.2020", "0.1234567890", "3.14159265358979", "1 2 3 4 5 6 7 8 9 10", "100 200 300 400", "1000-2000",
    "+5 +12 +13", "x+1234567", "800 - 400 - 1000", "12:30-14:45", "978-3-16-148410-0", "192.168.100.200", "1/256",
    "2^31 = 2147483648", "$212 555", "s_0123456789abcdef", "4111 1111 1111 1111", "900-800-1000 students",
    "0 12 24 36 48 60", "007", "99999999999999999999", "1-800-555-0199",
]  # fmt: skip


@pytest.fixture(scope="module")
def mixed(tmp_path_factory, build_recipe):
    folder = tmp_path_factory.mktemp("mixed")
    return build_recipe(recorded(folder), folder / "store").version


@pytest.fixture
def forge(mixed, tmp_path):
    """Change a column of the first rows of a version, and write it as if it had been built so."""

    def write(table, column, *values):
        frame = mixed.read_table(table)
        texts = [*values, *frame[column].to_list()[len(values) :]]
        changed = frame.with_columns(pl.Series(column, texts, dtype=frame.schema[column]))
        return rewrite(mixed, tmp_path / "forged", **{table: changed})

    return write


def list_findings(version, check):
    return [finding.message for finding in audit(version) if finding.check == check]


def find_kinds(text):
    return {kind for kind, found in search_secrets(pl.Series([text]), {}).items() if found.any()}


def is_found(kind, text, *languages):
    return bool(search_personal_data(pl.Series([text]), list_regions(languages))[kind].any())


# Keys


def test_every_shape_of_a_key_has_its_examples():
    assert SECRETS.keys() == PATTERNS.keys()


@pytest.mark.parametrize(("kind", "secret"), [(kind, secret) for kind, all_ in SECRETS.items() for secret in all_])
def test_a_key_is_found_in_any_text_around_it(kind, secret):
    for text in (secret, f"the key is '{secret}'.", f"höher {secret}\nlower", f'{{"k": "{secret}"}}', f"x\n{secret}"):
        assert kind in find_kinds(text)
        assert re.search(PATTERNS[kind], text)


@pytest.mark.parametrize("text", [
    "sk-learn", "the task-force", "hf_hub_download", "ghp_short", "key-value", "5 * 6 = 30", "AKIA", "SG.x.y",
    "https://host.org/path", "https://user@host.org/", "http://127.0.0.1:8000/v1", "eyJ", "Bearer token", "a:b@c",
    "-----BEGIN PUBLIC KEY-----", "secret_santa", "glpat-short", "postgres://USER:${PASSWORD}@host/x",
    "the ratio 3:4 @ 5", "1234567890:AB", "0a1b2c3d" * 5, "https://host.org:80/a@b",
])  # fmt: skip
def test_what_is_no_key_is_let_be(text):
    assert find_kinds(text) == set()


def test_a_finding_names_the_rows_and_counts_them_and_never_quotes(forge, mixed):
    secret = SECRETS["a Stripe key"][0]
    version = forge("samples", "text", *[f"{n}: {secret}" for n in range(7)])
    ids = mixed.read_table("samples")["sample_id"].to_list()

    (message,) = [text for text in list_findings(version, "secrets") if "Stripe" in text]

    assert message == f"samples.text contains a Stripe key, in 7 texts of 7 rows: {', '.join(ids[:5])}"
    assert secret not in str(run_checks(version).findings)


def test_an_id_that_is_a_secret_is_not_repeated():
    secret = SECRETS["a Hugging Face token"][0]
    frame = pl.DataFrame({"problem_id": [secret, "p_0123456789abcdef"], "question": [secret, f"x {secret}"]})

    messages = list(search_table("problems", frame, lambda texts: search_secrets(texts, {}), 12))

    assert [message.describe().rpartition("rows: ")[2] for message in messages] == [
        "row 1",
        "row 1, p_0123456789abcdef",
    ]
    assert secret not in str(messages)


def test_a_finding_counts_the_rows_of_all_slices_and_keeps_columns_apart(monkeypatch):
    monkeypatch.setattr(values, "_SLICE", 2)
    secret = SECRETS["a Hugging Face token"][0]
    frame = pl.DataFrame({"a": ["x", secret, "x", secret, secret], "b": [["x"], [], ["x"], [secret, secret], None]})

    found = search_table("problems", frame, lambda column: search_secrets(column, {}), 12)

    assert [(fault.message.split(" in {0}")[0], fault.counts, fault.names) for fault in found] == [
        ("problems.a contains a Hugging Face token,", (3, 3), ("row 2", "row 4", "row 5")),
        ("problems.b contains a Hugging Face token,", (2, 1), ("row 4",)),
    ]


# Personal data


@pytest.mark.parametrize("email", EMAILS)
def test_an_address_is_found(email):
    for text in (email, f"Write to <{email}>, please.", f"mailto:{email}", f"höher\n{email}"):
        assert is_found(EMAIL, text)


@pytest.mark.parametrize("text", NO_EMAILS)
def test_what_is_nobodys_address_is_let_be(text):
    assert not is_found(EMAIL, text)


@pytest.mark.parametrize("phone", PHONES)
def test_a_phone_number_is_found(phone):
    for text in (phone, f"Call {phone}, or write.", f"Tel: {phone}.", f"höher\n{phone}\n"):
        assert is_found(PHONE, text, "en", "de", "fr")


@pytest.mark.parametrize("text", NO_PHONES)
def test_numbers_of_mathematics_are_no_phone_numbers(text):
    assert not is_found(PHONE, text, *REGIONS)


@given(
    numbers=st.lists(st.integers(0, 10**7), min_size=2, max_size=6),
    operator=st.sampled_from([" + ", " - ", "+", "*", "/"]),
)
def test_a_calculation_holds_no_phone_number(numbers, operator):
    left = operator.join(map(str, numbers))

    assert not is_found(PHONE, f"{left} = {sum(numbers)}", *REGIONS)


def test_the_language_of_a_recipe_says_which_national_forms_are_known():
    assert not is_found(PHONE, "089 123456", "en")
    assert is_found(PHONE, "089 123456", "de")
    assert list_regions(("pt-BR",))[:2] == ("PT", "BR")


def test_published_mathematics_holds_no_personal_data(data):
    files = [*(data / "gsm8k").glob("*.jsonl"), data / "svamp" / "SVAMP.json"]
    texts = [text for path in files for text in list_texts(read_json(path))]
    assert len(texts) > 10_000

    found = search_personal_data(pl.Series(texts), list_regions(("en",)))

    assert {kind: int(rows.sum()) for kind, rows in found.items()} == {EMAIL: 0, PHONE: 0}
    assert search_secrets(pl.Series(texts), {}) == {}


def read_json(path):
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]


def list_texts(value):
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in items for text in list_texts(item)]


@pytest.mark.parametrize(("value", "kind"), [("ann@mail.org", EMAIL), ("+1 212 555 0123", PHONE)])
def test_personal_data_is_a_finding_with_counts_and_rows(forge, mixed, value, kind):
    version = forge("problems", "reference_rationale", f"ask {value}", None, f"{value}, {value}")
    ids = mixed.read_table("problems")["problem_id"].to_list()

    messages = list_findings(version, "personal_data")

    assert f"problems.reference_rationale contains {kind}, in 2 texts of 2 rows: {ids[0]}, {ids[2]}" in messages
    assert value not in str(messages)


def test_personal_data_in_a_document_is_a_finding(forge):
    version = forge("problems", "question")
    write_manifest(version, teacher_terms="ask ann@mail.org")

    assert list_findings(read_version(version.path), "personal_data") == [f"manifest.json contains {EMAIL}"]


def test_a_version_without_any_passes(mixed):
    assert "personal_data" in run_checks(mixed).passed


# Columns


def test_every_text_of_every_shape_of_column_is_searched_with_its_row():
    first, last = {"a": "one", "b": ["two", None], "c": 1}, {"a": "three", "b": None, "c": 3}
    column = pl.Series("x", [[first], None, [], [{"a": None, "b": [], "c": 2}, last]])

    assert sorted(extract_texts(column).iter_rows()) == [(0, "one"), (0, "two"), (3, "three")]
    assert extract_texts(pl.Series("x", ["a", None, "b"])).rows() == [(0, "a"), (2, "b")]
    assert extract_texts(pl.Series("x", [["a"], ["b"]], dtype=pl.Array(pl.String, 1))).rows() == [(0, "a"), (1, "b")]
    assert extract_texts(pl.Series("x", ["a"], dtype=pl.Categorical)).rows() == [(0, "a")]
    assert extract_texts(pl.Series("x", [1, 2])).rows() == []


@pytest.mark.usefixtures("ends")
@pytest.mark.parametrize("piece", ["a@", "a.", "+1 ", "0", "sk-", "eyJ", "://a:b", "1-", "(0", "@a.b.", "\u00e9+49 "])
def test_a_long_text_of_beginnings_is_searched_in_linear_time(piece):
    texts = pl.Series([piece * (1_000_000 // len(piece))])

    search_secrets(texts, {})
    search_personal_data(texts, list_regions(tuple(REGIONS)))


@given(texts=st.lists(st.text(string.printable + "é+@0123456789-", max_size=60), max_size=5))
def test_any_text_is_searched(texts):
    column = pl.Series(texts, dtype=pl.String)

    assert all(found.len() == len(texts) for found in search_personal_data(column, list_regions(())).values())
    assert search_secrets(column, {}) is not None
