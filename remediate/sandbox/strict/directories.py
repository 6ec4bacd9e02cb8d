"""Directories take their time, and trust others only when they are there.

AWS makes a directory in 20 to 45 minutes: Requested, Creating, then Active. Trusts and conditional forwarders are for
an active Managed Microsoft AD, one of each for a domain. With moto a directory is active at once, anything may trust
anything, and there are no forwarders. `minutes` of moto's backend is how long it takes; `failed` of a directory says
why it never will.
https://docs.aws.amazon.com/directoryservice/latest/devguide/API_DirectoryDescription.html, API_CreateTrust,
API_CreateConditionalForwarder, API_DescribeConditionalForwarders
"""

from datetime import timedelta
from typing import Any

from remediate.sandbox.strict.patch import Call, around, before, fail, instead

MINUTES = 20
UNSUPPORTED = "The directory type does not support this operation."


def install() -> None:
    from moto.ds.models import Directory, DirectoryServiceBackend
    from moto.ds.responses import DirectoryServiceResponse

    directory: Any = Directory
    backend: Any = DirectoryServiceBackend
    directory.failed, backend.minutes = "", MINUTES
    around(DirectoryServiceResponse, "describe_directories", _staged)
    before(DirectoryServiceBackend, "create_trust", _one_trust)
    for verb, body in (("create", _create), ("update", _update), ("delete", _delete)):
        instead(DirectoryServiceResponse, f"{verb}_conditional_forwarder", body)
    instead(DirectoryServiceResponse, "describe_conditional_forwarders", _describe)


def stage(backend: Any, directory: Any) -> str:
    from moto.core.utils import utcnow

    if directory.failed:
        return "Failed"
    age = utcnow() - directory.launch_time
    if age >= timedelta(minutes=backend.minutes):
        return "Active"
    return "Creating" if age >= timedelta(minutes=backend.minutes) / 10 else "Requested"


def _staged(original: Any, response: Any, _call: Call) -> Any:
    answer = original()
    for shown in answer.result["DirectoryDescriptions"]:
        directory = response.ds_backend.directories[shown["DirectoryId"]]
        shown["Stage"] = stage(response.ds_backend, directory)
        shown.update({"StageReason": directory.failed} if directory.failed else {})
    return answer


def _usable(backend: Any, id: str) -> Any:
    """A Managed Microsoft AD that is active."""
    backend._validate_directory_id(id)
    directory = backend.directories[id]
    if directory.directory_type != "MicrosoftAD":
        fail("UnsupportedOperationException", UNSUPPORTED)
    if stage(backend, directory) != "Active":
        fail("DirectoryUnavailableException", f"Directory {id} is not available.")
    return directory


def _one_trust(backend: Any, call: Call) -> None:
    directory = _usable(backend, call["directory_id"])
    if any(trust.remote_domain_name == call["remote_domain_name"] for trust in directory.trusts):
        fail("EntityAlreadyExistsException", f"There is a trust with {call['remote_domain_name']} already.")
    if call["remote_domain_name"] not in _forwarders(directory) and not call["conditional_forwarder_ip_addrs"]:
        fail("InvalidParameterException", f"There is no conditional forwarder for {call['remote_domain_name']}.")


def _forwarders(directory: Any) -> dict[str, list[str]]:
    """They go where the directory goes."""
    found: dict[str, list[str]] = directory.__dict__.setdefault("forwarders", {})
    return found


def _asked(response: Any) -> tuple[dict[str, list[str]], str]:
    directory = _usable(response.ds_backend, response._get_param("DirectoryId"))
    return _forwarders(directory), response._get_param("RemoteDomainName") or ""


def _create(response: Any, _call: Call) -> Any:
    forwarders, domain = _asked(response)
    if domain in forwarders:
        fail("EntityAlreadyExistsException", f"There is a forwarder for {domain} already.")
    forwarders[domain] = list(response._get_param("DnsIpAddrs"))
    return _nothing()


def _update(response: Any, _call: Call) -> Any:
    forwarders, domain = _asked(response)
    _there(forwarders, domain)
    forwarders[domain] = list(response._get_param("DnsIpAddrs"))
    return _nothing()


def _delete(response: Any, _call: Call) -> Any:
    forwarders, domain = _asked(response)
    _there(forwarders, domain)
    del forwarders[domain]
    return _nothing()


def _describe(response: Any, _call: Call) -> Any:
    from moto.core.responses import ActionResult

    forwarders, _ = _asked(response)
    wanted = response._get_param("RemoteDomainNames") or sorted(forwarders)
    for domain in wanted:
        _there(forwarders, domain)
    shown = [{"RemoteDomainName": d, "DnsIpAddrs": forwarders[d], "ReplicationScope": "Domain"} for d in wanted]
    return ActionResult({"ConditionalForwarders": shown})


def _there(forwarders: dict[str, list[str]], domain: str) -> None:
    if domain not in forwarders:
        fail("EntityDoesNotExistException", f"There is no forwarder for {domain}.")


def _nothing() -> Any:
    from moto.core.responses import EmptyResult

    return EmptyResult()
