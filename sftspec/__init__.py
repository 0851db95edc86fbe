"""A compiler for supervised fine-tuning data."""
