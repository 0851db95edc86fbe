A template is of another layer, which readers of the taxonomy rely on.
-- edit small.sft --
  layer = skill
  from terms
=>
  layer = generic
  from terms
-- want --
changes
  major template-text  template sense: layer changed
      - skill
      + generic
records  6 retagged, 18 same
  5 retagged  sense/terms  train
      because template sense: layer changed
      data/terms.csv:5 layer: skill → generic
  1 retagged  sense/terms  dev
      because template sense: layer changed
      data/terms.csv:6 layer: skill → generic
facets
  train layer of 19 moved 2631 bp: skill 5 → 0, generic 0 → 5
  dev layer of 5 moved 2000 bp: skill 1 → 0, generic 0 → 1
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
