A source leaves out rows by a condition.
-- edit small.sft --
  join books on book missing drop
=>
  where topic == law or id > 9
  join books on book missing drop
-- want --
changes
  minor source-reading  source asks: where changed
      + topic == "law" or id > 9
records  3 added, 3 removed, 21 same
  2 added  reply/asks  not_chosen → train
      because source asks: where changed
  1 added  reply/asks  not_chosen → dev
      because source asks: where changed
  2 removed  reply/asks  train → absent
      because source asks: where changed
  1 removed  reply/asks  dev → absent
      because source asks: where changed
lengths
  dev prompt: max 43 → 45, p95 43 → 45, total 179 → 183
  dev response: total 72 → 73
  train prompt: p50 41 → 42, total 659 → 663
  train response: total 262 → 263
funnel
  rows rejected: 9 → 13
  rows used: 48 → 44
  candidates: 44 → 40
  rejected: 3 → 2
  not chosen: 17 → 14
  rejected validate:expect: 3 → 2
  rows of asks unjoined: 8 → 7
  rows of asks where: - → 5
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
