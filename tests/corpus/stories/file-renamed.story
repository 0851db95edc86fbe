A file has another name and the same bytes: no record notices.
-- move data/asks-2.jsonl data/asks-3.jsonl --
-- want --
changes
  none source-files  source asks: data/asks-2.jsonl is data/asks-3.jsonl now, the same bytes
records  24 same
version  0.1.0 → 0.2.0, asks none, 0.1.0 at least: enough
