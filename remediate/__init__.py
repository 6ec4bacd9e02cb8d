"""Bring an AWS account to a written security baseline: plan, apply, roll back, keep it that way."""

__version__ = "0.1.0"
