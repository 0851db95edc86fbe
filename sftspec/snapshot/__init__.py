"""The sealed result."""
