"""A batch of records as columns: from bytes to rows without a Python object for each value, for records in plain form.

Reading one record through ``standardise`` and ``Encoder`` costs about 150 µs, most of it for making small objects. Here the
same reading is done by kernels over the UTF-8 bytes of many records. They read what nearly every record in Chinese or in
plain Latin letters looks like; whatever is out of the ordinary is left to the ordinary way, record by record, and must come
out of both ways the same. So ``standardise`` stays the definition of what a text means, and a record's way is

    bytes ─ wire ─▶ Raw ─ check ─▶ Raw ─ payload ─▶ JSON as received
                     └─ read ─▶ Encoded rows

``layout``   the columns of a batch as received
``fields``   the fields of a plain record: on the wire, in JSON, in the columns
``wire``     protobuf bytes → Raw
``nouns``    records in memory → Raw, for whole files
``check``    which records are in order; the others are refused or read by the ordinary way
``payload``  Raw → the records' JSON, as the journal keeps it
``read``     Raw → rows, by the files for each kind of value: ``record_names``, ``names``, ``documents``, ``facts``,
             ``phones``, ``record_addresses``, ``addresses``; ``line`` and ``side`` hold a record and the batch's texts on
             the way
``latin_…``  the same for what is written in ASCII: ``latin_names``, ``latin_addresses`` and ``latin_text`` by way of
             ``latin_words``, ``metaphone`` and ``pinyin_letters``, with ``latin_tables``
``reader``   the whole of it from Python, with what kernels have learnt: ``lessons``, ``address_book``
``warm``     compiles and loads the kernels

Why, and what it costs: docs/decisions/columns.md.
"""
