"""The front desk: requests for a consultation, how to reach people, when they can come.

May use `candidacy`; knows nothing of Rasa.
"""
