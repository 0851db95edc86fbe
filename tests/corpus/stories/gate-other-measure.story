A line measures another text, and is the only one: it is not the one that was.
-- first edit small.sft --
  require coverage(topics) >= 50%
=>
  require rate(words(response) > 1) >= 50%
-- edit small.sft --
rate(words(response) > 1)
=>
rate(words(response) > 0)
-- want --
changes
  major gate-weaker  gate freeze: `require rate(words(response) > 1) >= 50%` is gone
  minor gate-stricter  gate freeze: `require rate(words(response) > 0) >= 50%` is new
records  24 same
gates
  freeze: require rate(words(response) > 1) >= 50%: 100% (holds) → -
  freeze: require rate(words(response) > 0) >= 50%: - → 100% (holds)
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
