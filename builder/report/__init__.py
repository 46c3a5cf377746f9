"""Report: what a person reads. Escaping for pages, tables, charts, shared wording, templates, each in one place.

Law 7: every text from a model, a source or a user passes through `escape` before it reaches a terminal, a Markdown
page or an HTML page; `templates` and `tables` apply it by themselves. Nothing here knows a version or a stage.
"""
