"""The simulated teacher: answers with several methods and realistic mistakes, for demos and tests without a model."""
