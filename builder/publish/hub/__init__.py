"""The Hugging Face Hub: requests and their errors, downloads, tags, and the verification of an upload."""
