"""The model: load and save students, their tokenizer and chat template, batches, and generation.

This room is the lowest of the student's rooms: it imports none of the others.
"""
