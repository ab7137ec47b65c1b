"""The treaty's rules: what both planes and the verifier agree on, without input or output."""
