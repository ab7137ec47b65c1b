"""The auditor's offline verifier: the contract and files in, findings out. No network, no database, no platform."""
