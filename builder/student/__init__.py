"""Student: train a small model on a version and see what it learnt, against what else it could have been trained on.

Every condition is trained from the same initial model, with the same steps and seeds, and evaluated on the same
problems; verdicts come with intervals. A finished run is cached by the digest of everything that decides it, and an
interrupted one resumes.
"""
