"""Backends: where answers come from. Each opens itself from the recipe and answers requests (`protocol`)."""
