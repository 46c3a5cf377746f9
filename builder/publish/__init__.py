"""Publish: put a version on the Hugging Face Hub and check what arrived; pull one, or audit it where it lies.

`files/` lays a version out, `card/` writes its dataset card, `checks/` decides whether it may be published, and `hub/`
talks to the Hub. Everything is read from the version's folder.
"""
