Where rows come from is a tag of their records.
-- edit small.sft --
  key     = auto
  origin  = human
=>
  key     = auto
  origin  = synthetic
-- want --
changes
  minor source-origin  source terms: origin human → synthetic
records  6 retagged, 18 same
  5 retagged  sense/terms  train
      because source terms: origin human → synthetic
      data/terms.csv:5 origin: human → synthetic
  1 retagged  sense/terms  dev
      because source terms: origin human → synthetic
      data/terms.csv:6 origin: human → synthetic
facets
  train origin of 19 moved 2631 bp: human 19 → 14, synthetic 0 → 5
  dev origin of 5 moved 2000 bp: human 5 → 4, synthetic 0 → 1
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
