A source has another name and does not say so: its rows are other rows and fall into other parts, so train says what was held out.
-- edit small.sft --
source terms {
=>
source words {
..
  from terms as row
=>
  from words as row
-- want --
changes
  minor template-text  template sense: rows changed
      - from terms as row
      + from words as row
  major source-removed  source terms: is gone
  minor source-added  source words: is new (may break a reader)
  none perhaps-moved  source words: is as terms was, which is gone; `moved source terms to words` says that it is the same
  major moved-into-train  split dev: 1 record of train says what dev held out
records  7 added, 7 removed, 17 same
  6 added  sense/words  absent → train
      because source words: is new
  1 added  sense/words  absent → dev
      because source words: is new
  5 removed  sense/terms  train → absent
      because source terms: is gone
  1 removed  reply/asks  train → not_chosen
      because template sense: rows changed
      because source terms: is gone
      because source words: is new
  1 removed  sense/terms  dev → absent
      because source terms: is gone
facets
  train source of 19 moved 3157 bp: asks 14 → 13, terms 5 → 0, words 0 → 6
  dev source of 5 moved 2000 bp: terms 1 → 0, words 0 → 1
  train shelf of 19 moved 1578 bp: high 2 → 5, low 3 → 1
  train layer of 19 moved 526 bp: domain 14 → 13, skill 5 → 6
  train template of 19 moved 526 bp: reply 14 → 13, sense 5 → 6
lengths
  train prompt: total 659 → 635
  train response: total 262 → 253
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
