A gate asks for less.
-- first edit small.sft --
dataset small v0.1.0
=>
dataset small v1.0.0
-- edit small.sft --
coverage(topics) >= 50%
=>
coverage(topics) >= 40%
-- want --
changes
  major gate-weaker  gate freeze: `require coverage(topics) >= 50%` is `require coverage(topics) >= 40%` now
records  24 same
gates
  freeze: require coverage(topics) >= 50%: 100% (holds) → -
  freeze: require coverage(topics) >= 40%: - → 100% (holds)
version  1.0.0 → 1.1.0, asks major, 2.0.0 at least: too small: gate-weaker
