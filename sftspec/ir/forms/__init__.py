"""The lines each block kind takes, a file a kind."""
