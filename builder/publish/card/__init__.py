"""The dataset card: its text, its metadata and its figures, from the manifest, the tables and the validation."""
