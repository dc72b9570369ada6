"""The clinical rules: what a patient's words mean and what the clinic's rules say about them.

Pure: no Rasa, no database, no network, so that a clinical test runs in milliseconds.
"""
