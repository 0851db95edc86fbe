A facet has one more value, which nothing has yet.
-- edit small.sft --
  money "about money"
=>
  money "about money"
  mail  "about the post"
..
money 40% }
=>
money 40%, mail 0% }
-- want --
changes
  minor facet-value-added  facet topic: value mail is new (may break a reader)
  minor coverage  coverage topics: need 2 in 2 cells of topic → need 2 in 3 cells of topic
records  24 same
gates
  freeze: require coverage(topics) >= 50%: 100% (holds) → 66.67% (holds)
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
