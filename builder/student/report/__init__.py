"""The report of a validation: sentences, tables, figures, a page, and advice on what to do next."""
