One more line of a gate measures another text, which moves the numbers of all measures on: the other lines are as they were.
-- first edit small.sft --
  require coverage(topics) >= 50%
=>
  require rate(words(response) > 1) >= 50%
  require mean(chars(user)) <= 100
-- edit small.sft --
  require rate(words(response) > 1) >= 50%
=>
  require rate(chars(response) > 1) >= 50%
  require rate(words(response) > 1) >= 50%
-- want --
changes
  minor gate-stricter  gate freeze: `require rate(chars(response) > 1) >= 50%` is new
records  24 same
gates
  freeze: require rate(chars(response) > 1) >= 50%: - → 100% (holds)
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
