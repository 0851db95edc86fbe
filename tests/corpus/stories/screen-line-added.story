One more line of the screen: what it drops is replaced where there is something to take.
-- first edit small.sft --
total = 24
=>
total = 16
  shortfall = shrink
-- edit small.sft --
screen { drop duplicate exact }
=>
screen {
  drop matches(response, "7")
  drop duplicate exact
}
-- want --
changes
  minor screen  screen: `drop matches(response, "7")` is new
records  4 added, 6 removed, 10 same
  3 added  reply/asks  not_chosen → train
      because screen: `drop matches(response, "7")` is new
  1 added  reply/asks  not_chosen → dev
      because screen: `drop matches(response, "7")` is new
  4 removed  reply/asks  train → rejected:screened
      because screen: `drop matches(response, "7")` is new
  1 removed  reply/asks  dev → rejected:screened
      because screen: `drop matches(response, "7")` is new
  1 removed  sense/terms  train → rejected:screened
      because screen: `drop matches(response, "7")` is new
facets
  train shelf of 13 → 11 moved 489 bp: low 3 → 2
  train layer of 13 → 11 moved 349 bp: domain 9 → 8, skill 4 → 3
  train source of 13 → 11 moved 349 bp: asks 9 → 8, terms 4 → 3
  train template of 13 → 11 moved 349 bp: reply 9 → 8, sense 4 → 3
  train topic of 13 → 11 moved 209 bp: law 8 → 7, money 5 → 4
  train license of 13 → 11 moved 0 bp: CC0-1.0 13 → 11
  train origin of 13 → 11 moved 0 bp: human 13 → 11
lengths
  dev prompt: max 43 → 41, p50 41 → 39, p95 43 → 41, total 99 → 95
  dev response: max 17 → 16, p95 17 → 16, total 40 → 39
  train prompt: total 438 → 378
  train response: total 173 → 149
funnel
  rejected: 3 → 13
  not chosen: 25 → 17
  chosen: 16 → 14
  rejected screen:screened: - → 10
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
