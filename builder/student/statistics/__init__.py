"""Statistics: metrics, hierarchical bootstrap intervals, comparisons of two conditions, and the gate."""
