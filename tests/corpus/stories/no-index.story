The index of the first version is not here: the papers alone are compared.
-- edit small.sft --
  user "What is {{ row.term }}?"
=>
  user "What does {{ row.term }} mean?"
-- forge --
no index of the first
-- want --
changes
  minor template-text  template sense: turn 1 (user) changed
      - What is {{ row.term }}?
      + What does {{ row.term }} mean?
records  
lengths
  dev prompt: p5 15 → 22, total 179 → 186
  train prompt: p5 15 → 22, total 659 → 694
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
note  small@0.1.0 has no index here, so its records are not compared; build it to see them
