"""The languages that postroad speaks: catalogues, and which of them a reader wants.

English is what the messages are written in. Every other language is one file here, as translators
know it (`de.po`, GNU gettext): adding a language is adding its file.
"""

from postroad.languages.catalogue import ENGLISH, Catalogue, catalogue, known, wanted

__all__ = ["ENGLISH", "Catalogue", "catalogue", "known", "wanted"]
