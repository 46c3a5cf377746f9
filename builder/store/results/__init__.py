"""Results of stages, kept by content: `stages` whole ones, `memo` findings about rows; `garbage` removes old ones."""
