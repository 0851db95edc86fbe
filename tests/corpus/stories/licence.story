The dataset and a source have another licence.
-- edit small.sft --
  seed    = 7
  license = "CC0-1.0"
=>
  seed    = 7
  license = "CC-BY-4.0"
  allow   = ["CC-BY-4.0", "CC0-1.0"]
..
  key     = auto
  origin  = human
  license = "CC0-1.0"
=>
  key     = auto
  origin  = human
  license = "CC-BY-4.0"
-- want --
changes
  major license  dataset small: license CC0-1.0 → CC-BY-4.0
  major license  dataset small: allow CC0-1.0 → CC-BY-4.0, CC0-1.0
      + CC-BY-4.0⏎CC0-1.0
  major source-license  source terms: license CC0-1.0 → CC-BY-4.0
records  6 retagged, 18 same
  5 retagged  sense/terms  train
      because source terms: license CC0-1.0 → CC-BY-4.0
      data/terms.csv:5 license: CC0-1.0 → CC-BY-4.0
  1 retagged  sense/terms  dev
      because source terms: license CC0-1.0 → CC-BY-4.0
      data/terms.csv:6 license: CC0-1.0 → CC-BY-4.0
facets
  train license of 19 moved 2631 bp: CC0-1.0 19 → 14, CC-BY-4.0 0 → 5
  dev license of 5 moved 2000 bp: CC0-1.0 5 → 4, CC-BY-4.0 0 → 1
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
