A named screen is used with another parameter: the line reads as before and means something else.
-- first edit small.sft --
total = 24
=>
total = 16
  shortfall = shrink
..
screen { drop duplicate exact }
=>
screen guards(most = 20) {
  drop chars(response) > most
}
screen {
  use guards(most = 16)
  drop duplicate exact
}
-- edit small.sft --
use guards(most = 16)
=>
use guards(most = 15)
-- want --
changes
  minor screen  screen: `drop chars(response) > most` means something else
      - chars(response) > 16
      + chars(response) > 15
records  12 removed, 4 same
  6 removed  reply/asks  train → rejected:screened
      because screen: `drop chars(response) > most` means something else (was `chars(response) > 16`)
  3 removed  sense/terms  train → not_chosen
      because screen: `drop chars(response) > most` means something else (was `chars(response) > 16`)
  2 removed  reply/asks  dev → rejected:screened
      because screen: `drop chars(response) > most` means something else (was `chars(response) > 16`)
  1 removed  reply/asks  train → not_chosen
      because screen: `drop chars(response) > most` means something else (was `chars(response) > 16`)
facets
  dev layer of 3 → 1 moved 6666 bp: domain 2 → 0
  dev shelf of 3 → 1 moved 6666 bp: 
  dev source of 3 → 1 moved 6666 bp: asks 2 → 0
  dev template of 3 → 1 moved 6666 bp: reply 2 → 0
  train shelf of 13 → 3 moved 4358 bp: high 2 → 0, low 3 → 2
  dev topic of 3 → 1 moved 3333 bp: law 2 → 1, money 1 → 0
  train layer of 13 → 3 moved 2820 bp: domain 8 → 1, skill 5 → 2
  train source of 13 → 3 moved 2820 bp: asks 8 → 1, terms 5 → 2
  train template of 13 → 3 moved 2820 bp: reply 8 → 1, sense 5 → 2
  train topic of 13 → 3 moved 512 bp: law 8 → 2, money 5 → 1
  dev license of 3 → 1 moved 0 bp: CC0-1.0 3 → 1
  dev origin of 3 → 1 moved 0 bp: human 3 → 1
  train license of 13 → 3 moved 0 bp: CC0-1.0 13 → 3
  train origin of 13 → 3 moved 0 bp: human 13 → 3
lengths
  dev prompt: max 41 → 15, p50 39 → 15, p95 41 → 15, total 95 → 15
  dev response: max 16 → 7, p50 16 → 7, p95 16 → 7, total 39 → 7
  train prompt: p50 39 → 15, total 411 → 75
  train response: max 16 → 15, p50 15 → 7, p95 16 → 15, total 161 → 29
funnel
  rejected: 16 → 30
  not chosen: 12 → 10
  chosen: 16 → 4
  rejected screen:screened: 13 → 27
gates
  freeze: require coverage(topics) >= 50%: 100% (holds) → 50% (holds)
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
