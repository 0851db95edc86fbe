What cannot be met is met by taking rows twice.
-- first edit small.sft --
total = 24
=>
total = all
..
  share topic { law 60%, money 40% }
=>
  share topic { law 80%, money 20% }
  shortfall = shrink
-- edit small.sft --
total = all
=>
total = 36
..
  shortfall = shrink
=>
  shortfall = repeat(2)
-- want --
changes
  minor total  mixture total: all → 36
  minor mixture  mixture shortfall: shrink → repeat(2)
records  2 added, 34 same
  2 added  reply/asks  absent → dev
      because mixture shortfall: shrink → repeat(2)
facets
  dev layer of 5 → 7 moved 571 bp: domain 4 → 6
  dev shelf of 5 → 7 moved 571 bp: 
  dev source of 5 → 7 moved 571 bp: asks 4 → 6
  dev template of 5 → 7 moved 571 bp: reply 4 → 6
  dev topic of 5 → 7 moved 571 bp: law 4 → 6
  dev license of 5 → 7 moved 0 bp: CC0-1.0 5 → 7
  dev origin of 5 → 7 moved 0 bp: human 5 → 7
lengths
  dev prompt: p50 39 → 40, total 177 → 259
  dev response: total 72 → 105
funnel
  candidates: 44 → 88
  rejected: 3 → 6
  not chosen: 7 → 46
  chosen: 34 → 36
  rejected validate:expect: 3 → 6
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
