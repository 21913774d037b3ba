"""Reading questions: words to terms, terms to clauses, clauses to plans."""
