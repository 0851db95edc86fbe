A requirement only warns now.
-- edit small.sft --
  require coverage(topics) >= 50%
=>
  warn    coverage(topics) >= 50%
-- want --
changes
  major gate-weaker  gate freeze: `require coverage(topics) >= 50%` only warns now
      + warn coverage(topics) >= 50%
records  24 same
gates
  freeze: require coverage(topics) >= 50%: 100% (holds) → -
  freeze: warn coverage(topics) >= 50%: - → 100% (holds)
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
