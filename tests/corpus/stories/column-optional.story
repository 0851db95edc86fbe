A new field that rows may leave out changes no record; another field that is read from another column does.
-- edit small.sft --
    reply: string
=>
    reply: string from "ask"
    note: string optional
-- want --
changes
  minor source-reading  source asks: field reply is read otherwise
      + ask
  minor input-added  source asks: optional field note is new
records  2 added, 2 removed, 16 modified, 6 same
  1 added  reply/asks  rejected:expect → dev
      because source asks: field reply is read otherwise
  1 added  reply/asks  rejected:expect → train
      because source asks: field reply is read otherwise
  1 removed  reply/asks  dev → not_chosen
      because source asks: field reply is read otherwise
  1 removed  reply/asks  train → not_chosen
      because source asks: field reply is read otherwise
  13 modified  reply/asks  train
      because source asks: field reply is read otherwise
      data/asks-1.jsonl:16 assistant: [-Page 15 says 785.-]{+What does page 15 say of money?+}
  3 modified  reply/asks  dev
      because source asks: field reply is read otherwise
      data/asks-2.jsonl:12 assistant: [-Page 8 says 489.-]{+What does page 8 say of money?+}
lengths
  dev prompt: total 179 → 183
  dev response: max 17 → 30, p50 16 → 29, p95 17 → 30, total 72 → 125
  train prompt: total 659 → 658
  train response: max 17 → 31, p50 16 → 28, p95 17 → 31, total 262 → 449
funnel
  rejected: 3 → 0
  not chosen: 17 → 20
  rejected validate:expect: 3 → -
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
