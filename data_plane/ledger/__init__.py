"""The region's ledger: appending, numbering, hashing, sealing, reading and checking.

Writers only `append`; `sequencer` alone gives indices; `publish` writes tiles and checkpoints; `reader` and `fsck`
trust nothing that they can recompute.
"""
