A facet is gone: what read it finds nothing.
-- edit small.sft --
facet shelf optional {
  high "up there"
  low  "down here"
}

=>

..
shelf: facet shelf
=>
shelf: string
..
tags { topic = law, shelf = row.shelf }
=>
tags { topic = law }
..
, shelf = low }
=>
, shelf = "low" }
-- want --
changes
  major facet-removed  facet shelf: is gone
  minor template-text  template sense: tags changed
      - shelf = row.shelf⏎topic = law
      + topic = law
  major input-type  source terms: field shelf: facet shelf → string
records  24 same
version  0.1.0 → 0.2.0, asks major, 0.2.0 at least: enough
