"""What the region answers over its address: the log in the layout of C2SP tlog-tiles, bundles, the officer's pages."""
