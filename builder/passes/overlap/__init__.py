"""What all buckets of a build have in common with evaluation sets and with one another.

quotes     drop the samples of a bucket that hold an evaluation question
evidence   what overlapped, and what came nearest and stayed, as a file beside the version
"""
