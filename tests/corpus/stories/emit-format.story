A format more, another profile of one: who reads it sees other records.
-- edit small.sft --
emit { jsonl }
=>
emit { jsonl { profile = openai }, parquet }
-- want --
changes
  major record-shape  emit jsonl: profile hf → openai
  minor format-added  emit parquet: is new
records  24 same
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
