"""The centre's commands: thin clients of its REST interface."""
