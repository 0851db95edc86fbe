"""Facts of one record, a function a file."""
