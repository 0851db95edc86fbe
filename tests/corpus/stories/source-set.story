A mend of a source changes what its rows say.
-- edit small.sft --
  join books on book missing drop
=>
  set reply = "It says nothing." when reply in ["Page 2 says 838."]
  join books on book missing drop
-- want --
changes
  minor source-reading  source asks: mends changed
      + set reply = "It says nothing." when reply in ["Page 2 says 838."]
records  1 modified, 23 same
  1 modified  reply/asks  train
      because source asks: mends changed
      data/asks-1.jsonl:3 assistant: [-Page 2 says 838-]{+It says nothing+}.
version  0.1.0 → 0.2.0, asks minor, 0.2.0 at least: enough
