Records are others and neither spec nor compiler says why: then the cause is unknown, and that is no patch either.
-- edit small.sft --
  user "What is {{ row.term }}?"
=>
  user "What is {{ row.term }} ?"
-- forge --
the plan of the first
-- want --
changes
  minor records  records: 6 records changed, and no change of the spec explains it
records  6 modified, 18 same
  5 modified  sense/terms  train
      because unknown: nothing that the plans tell explains it
      data/terms.csv:5 user: What is term 3{+ +}?
  1 modified  sense/terms  dev
      because unknown: nothing that the plans tell explains it
      data/terms.csv:6 user: What is term 4{+ +}?
lengths
  dev prompt: p5 15 → 16, total 179 → 180
  train prompt: p5 15 → 16, total 659 → 664
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
