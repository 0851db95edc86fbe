"""What the author meant."""
