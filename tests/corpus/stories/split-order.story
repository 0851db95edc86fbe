The parts stand in another order, so a draw falls into another one.
-- first edit small.sft --
  total = 24
  share topic { law 60%, money 40% }
=>
  total = all
..
  dev 20%
=>
  dev 20%
  test 10%
-- edit small.sft --
  dev 20%
  test 10%
=>
  test 10%
  dev 20%
-- want --
changes
  minor split  split: its parts stand in another order
records  7 moved, 34 same
  7 moved  reply/asks  dev → test
      because split: its parts stand in another order
facets
  dev layer of 8 → 1 moved 8750 bp: domain 7 → 0
  dev shelf of 8 → 1 moved 8750 bp: 
  dev source of 8 → 1 moved 8750 bp: asks 7 → 0
  dev template of 8 → 1 moved 8750 bp: reply 7 → 0
  dev topic of 8 → 1 moved 5000 bp: law 4 → 1, money 4 → 0
  test layer of 0 → 7 moved 5000 bp: domain 0 → 7
  test license of 0 → 7 moved 5000 bp: CC0-1.0 0 → 7
  test origin of 0 → 7 moved 5000 bp: human 0 → 7
  test source of 0 → 7 moved 5000 bp: asks 0 → 7
  test template of 0 → 7 moved 5000 bp: reply 0 → 7
  test topic of 0 → 7 moved 5000 bp: law 0 → 3, money 0 → 4
  dev license of 8 → 1 moved 0 bp: CC0-1.0 8 → 1
  dev origin of 8 → 1 moved 0 bp: human 8 → 1
lengths
  dev prompt: max 45 → 15, p50 41 → 15, p95 45 → 15, total 308 → 15
  dev response: max 17 → 7, p50 16 → 7, p95 17 → 7, total 122 → 7
  test prompt: max - → 45, p5 - → 39, p50 - → 41, p95 - → 45, total - → 293
  test response: max - → 17, p5 - → 16, p50 - → 16, p95 - → 17, total - → 115
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
