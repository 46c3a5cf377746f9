"""Judging, and what needs it between rounds of sampling: `samples` judges, `counter` counts paths, `judged` keeps both.

A sample is judged once in a build: what was judged between rounds is recalled at the end.
"""
