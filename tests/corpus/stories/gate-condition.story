A requirement is of other records: nobody can say that it is as strict.
-- first edit small.sft --
  require coverage(topics) >= 50%
=>
  require rate(chars(response) > 4) >= 90% where layer == skill
-- edit small.sft --
where layer == skill
=>
where layer == domain
-- want --
changes
  major gate-weaker  gate freeze: `require rate(chars(response) > 4) >= 90% where layer == skill` is gone
  minor gate-stricter  gate freeze: `require rate(chars(response) > 4) >= 90% where layer == domain` is new
records  24 same
gates
  freeze: require rate(chars(response) > 4) >= 90% where layer == skill: 100% (holds) → -
  freeze: require rate(chars(response) > 4) >= 90% where layer == domain: - → 100% (holds)
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
