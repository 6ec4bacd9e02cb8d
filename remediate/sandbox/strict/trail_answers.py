"""What CloudTrail shows of a trail.

AWS lists the trails that were asked for, leaves out what is not set, says whether there are selectors of one's own,
and tells the status of a trail of another region to nobody who names it without its ARN. Moto lists all trails, shows
empty texts, and knows of no selectors.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html, API_GetTrailStatus
"""

import json
from typing import Any

from remediate.sandbox.strict.patch import Call, around, before


def install() -> None:
    from moto.cloudtrail.models import CloudTrailBackend, Trail
    from moto.cloudtrail.responses import CloudTrailResponse

    around(CloudTrailResponse, "describe_trails", _listed)
    around(Trail, "description", _shown)
    before(CloudTrailBackend, "get_trail_status", _here)


def _listed(original: Any, response: Any, call: Call) -> str:
    wanted = response._get_param("trailNameList") or ()
    answer = json.loads(original())
    if wanted:
        answer["trailList"] = [t for t in answer["trailList"] if t["Name"] in wanted or t["TrailARN"] in wanted]
    return json.dumps(answer)


def _shown(original: Any, trail: Any, call: Call) -> dict[str, Any]:
    shown = {key: value for key, value in original().items() if value not in ("", None)}
    return {**shown, "HasCustomEventSelectors": bool(trail.event_selectors or trail.advanced_event_selectors)}


def _here(cloudtrail: Any, call: Call) -> None:
    if not call["name"].startswith("arn:"):
        cloudtrail.get_trail(call["name"])
