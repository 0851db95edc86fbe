"""Configurations of other trainers, read into what a spec can say of them."""
