"""Texts: what whyrec says, as data, one file a language; what of a language is code, one small class a language."""
