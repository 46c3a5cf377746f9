"""The files of a published version.

`configs` maps the rows of a bucket to configs and splits, and back. `lineage` keeps the row order of earlier versions.
In `spool` the rows of all buckets wait for their files. `parquet` writes shards and row groups, `layout` the whole
folder. `read` reads what lies beside the rows, `rebuild` makes the tables again, bucket by bucket.
"""
