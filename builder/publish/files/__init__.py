"""The files of a published version: configs, splits, shards and row groups, and how to read them back."""
