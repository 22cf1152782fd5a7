"""What a valid statement is, when two are the same, under which terms one is found, and how it is given back. Pure.

Follows xAPI 1.0.3 (xAPI-Data.md, xAPI-Communication.md); requirement numbers in comments are sections of these documents.
"""
