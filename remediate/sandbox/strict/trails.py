"""Trails have one home, and one name.

AWS refuses a second trail of a name, changes to a trail from another region than its home, and a sixth trail in a
region. Moto overwrites, deletes what is not there in silence, and mixes up the two kinds of event selectors. A new
trail has one selector: all management events.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html, API_UpdateTrail,
API_PutEventSelectors
"""

from typing import Any, NoReturn

from remediate.sandbox.strict.patch import Call, around, before

PER_REGION = 5
EVERYTHING = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}


def install() -> None:
    from moto.cloudtrail.models import CloudTrailBackend, Trail

    before(CloudTrailBackend, "create_trail", _new)
    around(CloudTrailBackend, "delete_trail", _delete)
    for method, parameter in {
        "update_trail": "name",
        "start_logging": "name",
        "stop_logging": "name",
        "put_event_selectors": "trail_name",
    }.items():
        before(CloudTrailBackend, method, _from_home(parameter))
    around(Trail, "put_event_selectors", _select)
    around(Trail, "get_event_selectors", _selected)


def refuse(code: str, message: str) -> NoReturn:
    """CloudTrail's errors as JSON."""
    from moto.core.exceptions import JsonRESTError

    raise JsonRESTError(code, message)


def _new(cloudtrail: Any, call: Call) -> None:
    name = call["name"]
    if any(trail.trail_name == name for trail in cloudtrail.describe_trails(include_shadow_trails=True)):
        refuse("TrailAlreadyExistsException", f"Trail {name} already exists for customer: {cloudtrail.account_id}")
    if len(cloudtrail.trails) >= PER_REGION:
        region = cloudtrail.region_name
        refuse("MaximumNumberOfTrailsExceededException", f"User already has {PER_REGION} trails in {region}.")


def _delete(original: Any, cloudtrail: Any, call: Call) -> None:
    _home(cloudtrail, call["name"])
    del cloudtrail.trails[cloudtrail.get_trail(call["name"]).trail_name]


def _from_home(parameter: str) -> Any:
    return lambda cloudtrail, call: _home(cloudtrail, call[parameter])


def _home(cloudtrail: Any, name: str) -> None:
    from moto.cloudtrail.exceptions import TrailNotFoundException
    from moto.cloudtrail.models import cloudtrail_backends

    for backend in list(cloudtrail_backends[cloudtrail.account_id].values()):
        for trail in backend.trails.values():
            if name == trail.arn or (name == trail.trail_name and (trail.is_multi_region or backend is cloudtrail)):
                if backend is cloudtrail:
                    return
                refuse("InvalidHomeRegionException", f"Trail {name} must be changed in {trail.region_name}, its home.")
    raise TrailNotFoundException(account_id=cloudtrail.account_id, name=name)


def _select(original: Any, trail: Any, call: Call) -> None:
    """Basic selectors take the place of advanced ones, and the other way round."""
    trail.event_selectors = call["event_selectors"] or []
    trail.advanced_event_selectors = call["advanced_event_selectors"] or []


def _selected(original: Any, trail: Any, call: Call) -> Any:
    if trail.event_selectors or trail.advanced_event_selectors:
        return original()
    return [EVERYTHING], []
