"""The region's only channel to the centre: it dials, enrols, applies what officers consented to, and reports."""
