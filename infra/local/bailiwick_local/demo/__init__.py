"""The demo: the main job, run step by step through the same commands and clients that people use."""
