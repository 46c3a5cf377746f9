"""Passes: what a worker does with one bucket, from path to path.

    paths      judge the samples of a bucket and choose among their paths
    texts      render the kept paths in every format
    examples   add demonstrations, which come from all buckets
    mixture    let each stage of the mixture take its share, by ranks from all buckets

A pass takes plain values and returns plain values: paths of files, digests and counts. The rooms do the work; a pass
only knows where rows lie. Law 5: a pass is a function of the rows of its bucket, so that it does not matter which
process runs it, or in which order.
"""
