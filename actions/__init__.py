"""Rasa custom actions, thin: read the tracker, call `candidacy` or `desk`, utter."""
