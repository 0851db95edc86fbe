One file has another name, and another one has other bytes: each is said by itself.
-- move data/asks-2.jsonl data/asks-3.jsonl --
-- edit data/asks-1.jsonl --
Page 7 says 433.
=>
Page 7 says nothing.
-- want --
changes
  none source-files  source asks: data/asks-2.jsonl is data/asks-3.jsonl now, the same bytes
  minor source-rows  source asks: other bytes in data/asks-1.jsonl; rows 41 → 41
records  1 modified, 23 same
  1 modified  reply/asks  train
      because source asks: other bytes in data/asks-1.jsonl; rows 41 → 41
      data/asks-1.jsonl:8 assistant: Page 7 says [-433-]{+nothing+}.
lengths
  train response: max 17 → 20, p95 17 → 20, total 262 → 266
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
