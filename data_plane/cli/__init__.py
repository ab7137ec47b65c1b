"""The region's verbs of the `bailiwick` command: thin clients of the region's admin socket."""
