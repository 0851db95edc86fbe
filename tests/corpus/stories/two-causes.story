Two things at once: a template's words, and an expectation of another one. What came for the rejected records came because of the expectation alone.
-- edit small.sft --
  expect chars(response) > 2
=>
  expect chars(response) > 14
..
  user "What is {{ row.term }}?"
=>
  user "What does {{ row.term }} mean?"
-- want --
changes
  minor template-text  template reply: expectations changed
      - expect chars(response) > 2
      + expect chars(response) > 14
  minor template-text  template sense: turn 1 (user) changed
      - What is {{ row.term }}?
      + What does {{ row.term }} mean?
records  1 added, 1 removed, 6 modified, 17 same
  1 added  sense/terms  not_chosen → train
      because template reply: expectations changed
  1 removed  reply/asks  train → rejected:expect
      because template reply: expectations changed
  5 modified  sense/terms  train
      because template sense: turn 1 (user) changed
      data/terms.csv:5 user: What [-is term 3-]{+does term 3 mean+}?
  1 modified  sense/terms  dev
      because template sense: turn 1 (user) changed
      data/terms.csv:6 user: What [-is term 4-]{+does term 4 mean+}?
facets
  train layer of 19 moved 526 bp: domain 14 → 13, skill 5 → 6
  train shelf of 19 moved 526 bp: low 3 → 4
  train source of 19 moved 526 bp: asks 14 → 13, terms 5 → 6
  train template of 19 moved 526 bp: reply 14 → 13, sense 5 → 6
lengths
  dev prompt: p5 15 → 22, total 179 → 186
  train prompt: p5 15 → 22, total 659 → 677
  train response: total 262 → 255
funnel
  rejected: 3 → 4
  not chosen: 17 → 16
  rejected validate:expect: 3 → 4
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
