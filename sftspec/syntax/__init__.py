"""Text to tree, and nothing of meaning."""
