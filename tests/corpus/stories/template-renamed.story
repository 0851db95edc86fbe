A template has another name and does not say so: its records are gone, and others came.
-- edit small.sft --
template sense v1.0.0 {
=>
template meaning v1.0.0 {
..
test sense "the term
=>
test meaning "the term
-- want --
changes
  major template-removed  template sense: is gone
  minor template-added  template meaning: is new
  none perhaps-moved  template meaning: is as sense was, which is gone; `moved template sense to meaning` says that it is the same
  none test  test sense: “the term stands in the question” is gone
  none test  test meaning: “the term stands in the question” is new
records  6 added, 6 removed, 18 same
  5 added  meaning/terms  absent → train
      because template meaning: is new
  1 added  reply/asks  not_chosen → dev
      because template sense: is gone
      because template meaning: is new
  5 removed  sense/terms  train → absent
      because template sense: is gone
  1 removed  sense/terms  dev → absent
      because template sense: is gone
facets
  train template of 19 moved 2631 bp: sense 5 → 0, meaning 0 → 5
  dev layer of 5 moved 2000 bp: domain 4 → 5, skill 1 → 0
  dev shelf of 5 moved 2000 bp: high 1 → 0
  dev source of 5 moved 2000 bp: asks 4 → 5, terms 1 → 0
  dev template of 5 moved 2000 bp: reply 4 → 5, sense 1 → 0
lengths
  dev prompt: p5 15 → 39, total 179 → 203
  dev response: p5 7 → 16, total 72 → 81
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
