"""Chat templates: a conversation as segments, one family member a file."""
