"""What stages made, kept by content: `stages` whole results, `memo` findings about single rows, `garbage` removes both."""
