"""What runs inside Rasa: listening, understanding, the safety policy, clinic wording, the tracker store."""
