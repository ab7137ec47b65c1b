"""What the centre signs: certificates, TUF metadata, cosignatures."""
