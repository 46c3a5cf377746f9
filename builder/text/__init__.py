"""Text: compare texts, and read the arithmetic written in them. Pure functions; the home of rapidfuzz."""
