"""What questions in a language are made of: function words, forms of words, glossary, amounts of money."""
