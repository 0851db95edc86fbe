The data of the first version are not here: what changed is said, the words are not.
-- edit small.sft --
  user "What is {{ row.term }}?"
=>
  user "What does {{ row.term }} mean?"
-- forge --
no data of the first
-- want --
changes
  minor template-text  template sense: turn 1 (user) changed
      - What is {{ row.term }}?
      + What does {{ row.term }} mean?
records  6 modified, 18 same
  5 modified  sense/terms  train
      because template sense: turn 1 (user) changed
  1 modified  sense/terms  dev
      because template sense: turn 1 (user) changed
lengths
  dev prompt: p5 15 → 22, total 179 → 186
  train prompt: p5 15 → 22, total 659 → 694
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
note  the texts of changed records are not shown, their data are not here on both sides
