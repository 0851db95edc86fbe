"""Pure functions from batches to batches."""
