"""Makes the shipped catalogue from published facts: `python -m tools.catalogue FACTS_FOLDER`

    facts.py   reads the lists and merges what is one file in several      words.py   titles and purposes
    shelves.py on which shelf a model belongs                              records.py a record from all of it
    write.py   data/catalogue.json and configs/                            speed.py   what a model costs, measured
    tables/    what people know and no list says: aliases, titles, recommendations, licences

The same facts give the same bytes. docs/adding/model.md says how to add a model.
"""
