"""The experiment: which conditions are trained with which seeds, the jobs, the runs, and what they come to."""
