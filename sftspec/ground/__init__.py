"""What every room may know: text, diagnostics, canonical bytes, records."""
