"""Publish: upload a version to the Hugging Face Hub and verify it; pull a published version, or audit it on the Hub.

Everything is read from the version's folder. The inner rooms, from the bottom; each imports only rooms below it:

    card/               the dataset card: facts, metadata, template, measured error rates
    files/              the folder of a published version: configs, Parquet shards, list of files, and reading it back
    checks/, hub/       the gates before an upload; requests to the Hub, downloads, tags, verification of an upload
    publications.py     the record of what was published and verified
    publish.py, pull.py, audit_published.py
    render.py           their results as text and JSON
"""
