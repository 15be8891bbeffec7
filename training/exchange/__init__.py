"""Models of other tools into ours and back, as far as they mean the same; what does not is said, never guessed in silence.

conditions.py      Splink's SQL conditions → what is asked of which column
splink_file.py     a Splink model file, as its own save function writes it
agreement.py       which of our levels a condition of theirs holds for, and how often (tables/agreement.tsv)
spreading.py       probabilities of their levels → probabilities of ours
columns.py         a map → which column is which trait
importing.py       a Splink model → our model; import_splink.py is the command
exporting.py       our model → a Splink model; export_splink.py is the command
"""
