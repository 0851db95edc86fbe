A facet holds many values now, and each record still has the one that it had.
-- edit small.sft --
facet shelf optional {
=>
facet shelf optional many {
..
tags { topic = law, shelf = row.shelf }
=>
tags { topic = law, shelf = [high] }
-- want --
changes
  major facet-cardinality  facet shelf: holds many now
  minor template-text  template sense: tags changed
      - shelf = row.shelf⏎topic = law
      + shelf = high⏎topic = law
records  3 retagged, 21 same
  3 retagged  sense/terms  train
      because template sense: tags changed
      data/terms.csv:5 shelf: low → high
facets
  train shelf of 19 moved 1578 bp: high 2 → 5, low 3 → 0
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
