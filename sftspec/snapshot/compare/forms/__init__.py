"""A diff told to people: on a terminal, in a pull request, as a page."""
