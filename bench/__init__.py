"""The benchmark: generated rows, a hand-written straight loop, and the compiler beside it."""
