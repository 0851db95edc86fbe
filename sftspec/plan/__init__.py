"""What will be done."""
