"""Student: train a small model on a version and see what it learnt, against what else it could have been trained on.

Every arm is trained from the same start, with the same steps and seeds, and asked the same problems; verdicts come with
intervals. A finished arm is kept by the digest of everything that decides it, and an interrupted one goes on.
"""
