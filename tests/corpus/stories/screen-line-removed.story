One line less of the screen: what it dropped is there, and takes the place of others.
-- first edit small.sft --
total = 24
=>
total = 16
  shortfall = shrink
..
screen { drop duplicate exact }
=>
screen {
  drop matches(response, "7")
  drop duplicate exact
}
-- edit small.sft --
  drop matches(response, "7")

=>
-- want --
changes
  minor screen  screen: `drop matches(response, "7")` is gone
records  6 added, 4 removed, 10 same
  4 added  reply/asks  rejected:screened → train
      because screen: `drop matches(response, "7")` is gone
  1 added  reply/asks  rejected:screened → dev
      because screen: `drop matches(response, "7")` is gone
  1 added  sense/terms  rejected:screened → train
      because screen: `drop matches(response, "7")` is gone
  3 removed  reply/asks  train → not_chosen
      because screen: `drop matches(response, "7")` is gone
  1 removed  reply/asks  dev → not_chosen
      because screen: `drop matches(response, "7")` is gone
facets
  train shelf of 11 → 13 moved 489 bp: low 2 → 3
  train layer of 11 → 13 moved 349 bp: domain 8 → 9, skill 3 → 4
  train source of 11 → 13 moved 349 bp: asks 8 → 9, terms 3 → 4
  train template of 11 → 13 moved 349 bp: reply 8 → 9, sense 3 → 4
  train topic of 11 → 13 moved 209 bp: law 7 → 8, money 4 → 5
  train license of 11 → 13 moved 0 bp: CC0-1.0 11 → 13
  train origin of 11 → 13 moved 0 bp: human 11 → 13
lengths
  dev prompt: max 41 → 43, p50 39 → 41, p95 41 → 43, total 95 → 99
  dev response: max 16 → 17, p95 16 → 17, total 39 → 40
  train prompt: total 378 → 438
  train response: total 149 → 173
funnel
  rejected: 13 → 3
  not chosen: 17 → 25
  chosen: 14 → 16
  rejected screen:screened: 10 → -
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
