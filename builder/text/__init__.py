"""Text: compare and index texts, and check the equations in them. Pure functions; the only room that uses rapidfuzz."""
