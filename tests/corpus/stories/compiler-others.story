A newer compiler makes other records of the same spec: that is no patch.
-- edit small.sft --
  user "What is {{ row.term }}?"
=>
  user "What is {{ row.term }} ?"
-- forge --
another compiler
the plan of the first
-- want --
changes
  patch compiler  compiler: revision 1 → 2
  patch compiler  compiler: -google-re2 1.1.20251105, +zeal 1.0
  minor records  records: 6 records changed, and no change of the spec explains it
records  6 modified, 18 same
  5 modified  sense/terms  train
      because compiler: revision 1 → 2
      because compiler: -google-re2 1.1.20251105, +zeal 1.0
      data/terms.csv:5 user: What is term 3{+ +}?
  1 modified  sense/terms  dev
      because compiler: revision 1 → 2
      because compiler: -google-re2 1.1.20251105, +zeal 1.0
      data/terms.csv:6 user: What is term 4{+ +}?
lengths
  dev prompt: p5 15 → 16, total 179 → 180
  train prompt: p5 15 → 16, total 659 → 664
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
