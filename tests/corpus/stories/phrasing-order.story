The wordings of a phrasing stand in another order: no record draws another one.
-- edit small.sft --
  "In {{ row.books.title }}: {{ row.ask }}"
  "{{ row.ask }} (See {{ row.books.title }}.)"
=>
  "{{ row.ask }} (See {{ row.books.title }}.)"
  "In {{ row.books.title }}: {{ row.ask }}"
-- want --
changes
  patch phrasing-text  phrasing wording: its wordings stand in another order
records  24 same
version  0.1.0 → 0.2.0, asks patch, 0.1.1 at least: enough
