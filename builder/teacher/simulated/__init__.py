"""The simulated teacher: answers with real methods and real mistakes, for demonstrations and tests without a model."""
