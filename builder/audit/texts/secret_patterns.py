r"""Shapes of keys and tokens, as their issuers document them: a prefix that nothing else has, or a fixed form.

Each expression is read by polars (the regex crate) and by `re`: no lookaround, no backreference, ASCII classes, so that
a search takes time linear in the text.
"""

from collections.abc import Mapping

PATTERNS: Mapping[str, str] = {
    "a Hugging Face token": r"\b(?:hf|api_org)_[A-Za-z0-9]{20,}",
    "an Anthropic API key": r"\bsk-ant-[a-z0-9]{2,12}-[A-Za-z0-9_-]{20,}",
    "an API key": r"\bsk-(?:(?:proj|svcacct|admin|None|or-v1)-[A-Za-z0-9_-]{20,}|(?:[A-Za-z]+-)*[A-Za-z0-9_]{20,})",
    "a Groq key": r"\bgsk_[A-Za-z0-9]{40,}",
    "an xAI key": r"\bxai-[A-Za-z0-9]{40,}",
    "an NVIDIA key": r"\bnvapi-[A-Za-z0-9_-]{40,}",
    "a Cerebras key": r"\bcsk-[a-z0-9]{40,}",
    "a Perplexity key": r"\bpplx-[A-Za-z0-9]{40,}",
    "a Replicate token": r"\br8_[A-Za-z0-9]{37,}",
    "an AWS access key": r"\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b",
    "an AWS secret key": r"(?i:aws_?secret_?(?:access_?)?key)[^A-Za-z0-9/+]{1,8}[A-Za-z0-9/+]{40}\b",
    "a private key": r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\bPuTTY-User-Key-File-[0-9]",
    "an age key": r"\bAGE-SECRET-KEY-1[0-9A-Z]{40,}",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})",
    "a GitLab token": r"\bgl(?:pat|ptt|dt|rt|cbt|soat|ft|oas)-[A-Za-z0-9_-]{20,}",
    "a Google API key": r"\bAIza[0-9A-Za-z_-]{35}",
    "a Google OAuth token": r"\bya29\.[0-9A-Za-z_-]{20,}|\bGOCSPX-[0-9A-Za-z_-]{20,}",
    "a Slack token": r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}|\bxapp-[0-9]-[0-9A-Za-z-]{10,}",
    "a Slack webhook": r"\bhooks\.slack\.com/(?:services|workflows)/T[0-9A-Za-z_]{6,}/[0-9A-Za-z_/]{16,}",
    "a Discord token": r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}\b",
    "a Discord webhook": r"\bdiscord(?:app)?\.com/api/webhooks/[0-9]{10,}/[A-Za-z0-9_-]{40,}",
    "a Telegram bot token": r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b",
    "a Stripe key": r"\b[srp]k_(?:live|test)_[0-9A-Za-z]{16,}|\bwhsec_[0-9A-Za-z+/=]{24,}",
    "a Square token": r"\bsq0[a-z]{3}-[0-9A-Za-z_-]{22,}|\bEAAA[0-9A-Za-z_-]{60}\b",
    "a Shopify token": r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b",
    "a SendGrid key": r"\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}",
    "a Mailgun key": r"\bkey-[0-9a-f]{32}\b",
    "a Mailchimp key": r"\b[0-9a-f]{32}-us[0-9]{1,2}\b",
    "a Twilio key": r"\b(?:SK|AC)[0-9a-f]{32}\b",
    "an npm token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "a PyPI token": r"\bpypi-AgE[A-Za-z0-9_-]{50,}",
    "a Docker token": r"\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}",
    "a DigitalOcean token": r"\bdo[opr]_v1_[0-9a-f]{64}\b",
    "an Azure storage key": r"\bAccountKey=[A-Za-z0-9+/]{80,}={0,2}",
    "an Azure client secret": r"\b[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}",
    "a Databricks token": r"\bdapi[0-9a-f]{32}\b",
    "a Vault token": r"\bhv[sbr]\.[A-Za-z0-9_-]{24,}",
    "a Terraform token": r"\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}",
    "a Grafana token": r"\bgl(?:sa|c)_[A-Za-z0-9+/=_]{32,}",
    "a Sentry token": r"\bsntry[su]_[A-Za-z0-9+/=_]{40,}",
    "a New Relic key": r"\bNRAK-[A-Z0-9]{27}\b",
    "a Notion token": r"\bntn_[A-Za-z0-9]{40,}|\bsecret_[A-Za-z0-9]{43}\b",
    "a Linear key": r"\blin_(?:api|oauth)_[A-Za-z0-9]{32,}",
    "an Airtable token": r"\bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}\b",
    "a Figma token": r"\bfigd_[A-Za-z0-9_-]{30,}",
    "a Postman key": r"\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}\b",
    "a Supabase token": r"\bsbp_[0-9a-f]{40}\b",
    "a Tailscale key": r"\btskey-[a-z]+-[A-Za-z0-9-]{20,}",
    "a JSON web token": r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{10,}",
    "an authorization header": r"(?i:authorization[\"']?[ ]*[:=][ ]*[\"']?(?:basic|bearer|token))[ ]+"
    r"[A-Za-z0-9+/._~-]{16,}",
    "an address with a password": r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s:/?#@\"'<>{}$]{0,100}"
    r":[^\s/?#@\"'<>{}$*]{3,200}@[A-Za-z0-9\[]",
}
"""Regular expressions of keys and tokens, by kind."""

ANY_PATTERN = "|".join(f"(?:{pattern})" for pattern in PATTERNS.values())
"""All of them in one: what is searched first."""
