A part takes nothing where its pool is empty.
-- first edit small.sft --
total = 24
=>
total = all
..
  share topic { law 60%, money 40% }

=>

..
  dev 20%
=>
  dev 20%
  test 1%
-- edit small.sft --
  test 1%
=>
  test 15%
-- want --
changes
  minor part-share  split test: 1% → 15%
records  8 moved, 33 same
  7 moved  reply/asks  train → test
      because split test: 1% → 15%
  1 moved  sense/terms  train → test
      because split test: 1% → 15%
facets
  test layer of 0 → 8 moved 5000 bp: domain 0 → 7, skill 0 → 1
  test license of 0 → 8 moved 5000 bp: CC0-1.0 0 → 8
  test origin of 0 → 8 moved 5000 bp: human 0 → 8
  test shelf of 0 → 8 moved 5000 bp: low 0 → 1
  test source of 0 → 8 moved 5000 bp: asks 0 → 7, terms 0 → 1
  test template of 0 → 8 moved 5000 bp: reply 0 → 7, sense 0 → 1
  test topic of 0 → 8 moved 5000 bp: law 0 → 5, money 0 → 3
  train layer of 33 → 25 moved 666 bp: domain 22 → 15, skill 11 → 10
  train shelf of 33 → 25 moved 666 bp: low 6 → 5
  train source of 33 → 25 moved 666 bp: asks 22 → 15, terms 11 → 10
  train template of 33 → 25 moved 666 bp: reply 22 → 15, sense 11 → 10
  train topic of 33 → 25 moved 230 bp: law 23 → 18, money 10 → 7
  train license of 33 → 25 moved 0 bp: CC0-1.0 33 → 25
  train origin of 33 → 25 moved 0 bp: human 33 → 25
lengths
  train prompt: p95 45 → 44, total 1084 → 777
  train response: total 438 → 317
  test prompt: max - → 45, p5 - → 15, p50 - → 41, p95 - → 45, total - → 307
  test response: max - → 17, p5 - → 7, p50 - → 16, p95 - → 17, total - → 121
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
