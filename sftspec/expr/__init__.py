"""The one expression language of conditions, measures and gates."""
