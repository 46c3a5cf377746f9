"""The files of a published version.

`configs` maps the tables of a version to configs and splits, and back. `lineage` keeps the row order of earlier
versions. `parquet` writes shards and row groups, `layout` writes the whole folder, `read` reads it back.
"""
