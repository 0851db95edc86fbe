Rows of a group may fall into different parts.
-- edit small.sft --
  keep together [source_row, group]
=>
  keep together [source_row]
-- want --
changes
  minor split  split together: group, source_row → source_row
  major moved-into-train  split dev: 2 records of dev are in train now
records  2 added, 2 removed, 4 moved, 18 same
  1 added  reply/asks  not_chosen → dev
      because split together: group, source_row → source_row
  1 added  reply/asks  not_chosen → train
      because split together: group, source_row → source_row
  1 removed  reply/asks  dev → not_chosen
      because split together: group, source_row → source_row
  1 removed  reply/asks  train → not_chosen
      because split together: group, source_row → source_row
  2 moved  reply/asks  dev → train
      because split together: group, source_row → source_row
  2 moved  reply/asks  train → dev
      because split together: group, source_row → source_row
lengths
  dev prompt: max 43 → 44, p95 43 → 44, total 179 → 183
  dev response: total 72 → 73
  train prompt: total 659 → 656
  train response: total 262 → 264
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
