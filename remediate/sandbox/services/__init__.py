"""AWS services that moto lacks altogether: as much of each as the program needs, made of moto's own parts.

A service is a module with a `Response`: moto's way of answering, one method an operation. Requests are parsed and
answers written by botocore's model of the service, and its state is in a moto backend, so that a reset clears it.
"""

from functools import cache
from importlib import import_module
from typing import Any

SERVICES = {"access-analyzer": "access_analyzer"}
"""By the name that requests are signed for: the module."""


def named(host: str) -> str | None:
    """The service that a host such as `access-analyzer.eu-west-1.amazonaws.com` belongs to."""
    name = host.partition(".")[0]
    return name if name in SERVICES else None


@cache
def application(service: str) -> Any:
    """The Flask application of one service. To be imported only where moto is there."""
    from flask import Flask
    from moto.core.utils import convert_to_flask_response
    from moto.moto_server.werkzeug_app import HTTP_METHODS, BackendRequest

    response = import_module(f"{__name__}.{SERVICES[service]}").Response
    view = convert_to_flask_response(response.dispatch)
    flask = Flask("moto")
    flask.debug = True  # what the service lacks is raised, and answered by the dispatcher
    flask.request_class = BackendRequest
    for n, path in enumerate(("/", "/<path:path>")):  # which operation it is, botocore's model says
        flask.add_url_rule(path, endpoint=str(n), methods=HTTP_METHODS, view_func=view, strict_slashes=False)
    return flask
