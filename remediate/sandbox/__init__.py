"""An AWS account inside this process, for trying things out and for the tests: moto, made as strict as AWS."""

from remediate.sandbox.messy import fill
from remediate.sandbox.server import Sandbox, SandboxMissing, emulator

__all__ = ["Sandbox", "SandboxMissing", "emulator", "fill"]
