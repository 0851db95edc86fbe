A share is written in parts and says the same as before.
-- edit small.sft --
law 60%, money 40%
=>
law 3, money 2
-- want --
changes
records  24 same
version  0.1.0 → 0.2.0, asks none, 0.1.0 at least: enough
