"""Signatures on reports: what came back from the e-office is verified and kept, and the service may seal what it renders."""
