"""Papers: reports of a period and evidence of one delivery, typeset from data only.

The only room that knows the PDF library, and the one that signs.
"""
