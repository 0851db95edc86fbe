A gate asks for more, and one asks for something new.
-- edit small.sft --
  require coverage(topics) >= 50%
=>
  require coverage(topics) >= 80%
  require count() >= 20
-- want --
changes
  minor gate-stricter  gate freeze: `require coverage(topics) >= 80%` is stricter
      - require coverage(topics) >= 50%
  minor gate-stricter  gate freeze: `require count() >= 20` is new
records  24 same
gates
  freeze: require coverage(topics) >= 50%: 100% (holds) → -
  freeze: require coverage(topics) >= 80%: - → 100% (holds)
  freeze: require count() >= 20: - → 24 (holds)
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
