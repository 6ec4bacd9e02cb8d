"""Plans, runs and errors as text for people: pure functions that return strings, and the only place that formats.

Names in AWS are chosen by anybody: `text.safe`, `markdown.code` and the template's autoescape make them inert.
"""
