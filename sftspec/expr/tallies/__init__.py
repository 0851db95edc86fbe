"""Mergeable facts of many records, one a file."""
