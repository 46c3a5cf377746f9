"""Review: people read rows of a version, and what they decide is an input of the next build.

doubts     how doubtful each kept sample is, and why
queue      which rows are read: the most doubtful first, or some at random
rates      error rate with its interval, and agreement of readers
summary    what decisions come to
reading    one reader at work: a command for each row, a line for each decision
screen     what the reader sees
"""
