A requirement stands in another gate, and all gates must hold: nothing is weaker.
-- edit small.sft --
  require coverage(topics) >= 50%
}
=>
}
gate later {
  require coverage(topics) >= 50%
}
-- want --
changes
  none gate-text  gate later: `require coverage(topics) >= 50%` stood in gate freeze
records  24 same
gates
  freeze: require coverage(topics) >= 50%: 100% (holds) → -
  later: require coverage(topics) >= 50%: - → 100% (holds)
version  0.1.0 → 0.2.0, asks none, 0.1.0 at least: enough
