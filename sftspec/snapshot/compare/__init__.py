"""Two snapshots, by meaning and cause."""
