"""Dialects of conversations, tools and calls, one a file."""
