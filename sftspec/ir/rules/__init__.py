"""What is refused before any data is read, by subject. A module's `RULES` are run in order."""
