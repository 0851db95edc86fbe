A requirement is gone.
-- edit small.sft --
  require coverage(topics) >= 50%

=>
-- want --
changes
  major gate-weaker  gate freeze: `require coverage(topics) >= 50%` is gone
records  24 same
gates
  freeze: require coverage(topics) >= 50%: 100% (holds) → -
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
