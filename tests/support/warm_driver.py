"""Started by `support.warm`: a process that has imported the program and waits. For each command it forks, and the
child is that command, from `main` to the interpreter's end.
"""

import gc
import importlib
import io
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from typing import Any, NoReturn

import remediate
from remediate.aws.sdk import boto_session
from remediate.cli.main import app, main

APART = ("remediate.sandbox", "remediate.cli.__main__")
"""Which few commands need, and which are slow to import."""
SERVICES = "sts iam ec2 cloudtrail s3 kms sns logs cloudwatch account".split()


def prepare() -> None:
    """Imports what commands import, and reads what botocore knows of the services that they call."""
    for module in pkgutil.walk_packages(remediate.__path__, "remediate."):
        if not module.name.startswith(APART):
            importlib.import_module(module.name)
    nobody: dict[str, Any] = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    session: Any = boto_session(None, "us-east-1")
    for service in SERVICES:
        session.client(service, region_name="us-east-1", **nobody)
    with redirect_stdout(io.StringIO()):
        app(["controls"], standalone_mode=False)  # typer imports half of itself at its first command
    gc.collect()
    gc.freeze()


def serve(line: socket.socket) -> None:
    """Until the other end of the line is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests and for commands
    chooser = selectors.DefaultSelector()
    chooser.register(line, selectors.EVENT_READ)
    while True:
        for key, _ in chooser.select():
            if key.fileobj is not line:
                pid, told = key.data
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                os.write(told, str(code).encode())
                chooser.unregister(key.fileobj)
                os.close(told)
                os.close(key.fd)
                continue
            message, files, _, _ = socket.recv_fds(line, 1 << 20, 4)
            if not message:
                return
            pid = os.fork()
            if not pid:
                become(json.loads(message), files)
            line.send(str(pid).encode())
            for file in files[:3]:
                os.close(file)
            chooser.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, files[3]))


def become(what: Mapping[str, Any], files: Sequence[int]) -> NoReturn:
    """This process is from here on the command: with its words, environment, folder, and three open files."""
    for number, file in enumerate(files[:3]):
        os.dup2(file, number)
    os.closerange(3, 1024)
    os.chdir(what["cwd"])
    os.environ.clear()
    os.environ.update(what["environment"])
    sys.argv = what["words"]
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        old: Any = getattr(sys, name)
        raw = io.FileIO(number, "w" if number else "r", closefd=False)
        binary: Any = io.BufferedWriter(raw) if number else io.BufferedReader(raw)
        text = io.TextIOWrapper(binary, old.encoding, old.errors, line_buffering=number == 2)
        setattr(sys, name, text)
        setattr(sys, f"__{name}__", text)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main()
    raise AssertionError("main ends the process")


if __name__ == "__main__":
    prepare()
    serve(socket.socket(fileno=int(sys.argv[1])))
