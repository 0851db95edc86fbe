A share moves by more than a point: records of one value take the places of those of the other.
-- edit small.sft --
law 60%, money 40%
=>
law 45%, money 55%
-- want --
changes
  minor share  share topic: law 60% → 45%, money 40% → 55%
records  3 added, 3 removed, 21 same
  2 added  reply/asks  not_chosen → train
      because share topic: law 60% → 45%, money 40% → 55%
  1 added  reply/asks  not_chosen → dev
      because share topic: law 60% → 45%, money 40% → 55%
  2 removed  reply/asks  train → not_chosen
      because share topic: law 60% → 45%, money 40% → 55%
  1 removed  reply/asks  dev → not_chosen
      because share topic: law 60% → 45%, money 40% → 55%
facets
  dev topic of 5 moved 2000 bp: law 3 → 2 (asked 60% → 45%), money 2 → 3 (asked 40% → 55%)
  train topic of 19 moved 1052 bp: law 11 → 9 (asked 60% → 45%), money 8 → 10 (asked 40% → 55%)
lengths
  dev prompt: max 43 → 45, p95 43 → 45, total 179 → 185
  dev response: total 72 → 73
  train prompt: total 659 → 664
  train response: total 262 → 263
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
