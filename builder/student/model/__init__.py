"""The model: loading and saving, its tokenizer and chat template, batches, generation, and its model card."""
