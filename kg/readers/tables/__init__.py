"""Tables whose cells have a type: Parquet, Arrow, workbooks, answers of databases."""
