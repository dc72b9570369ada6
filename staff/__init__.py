"""The inbox for the clinic's staff: a small web application in a process of its own."""
