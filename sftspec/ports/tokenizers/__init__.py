"""Tokenizer formats: text to ids and back, one a file."""
