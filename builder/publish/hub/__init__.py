"""The Hub: the client, its errors, downloads, tags, and the check that what was sent is what arrived."""
