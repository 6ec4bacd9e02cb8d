"""DescribeRegions lists the regions that are enabled, unless asked for all.

Moto lists all, and takes four that must be opted in to for enabled ones.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
"""

from typing import Any

from remediate.sandbox.strict.patch import Call, around
from remediate.sandbox.strict.state import REGIONS, settings


def install() -> None:
    from moto.ec2.responses.availability_zones_and_regions import AvailabilityZonesAndRegions

    around(AvailabilityZonesAndRegions, "describe_regions", _regions)


def _regions(original: Any, response: Any, call: Call) -> Any:
    answer = original()
    everything = str(response._get_param("AllRegions", False)).lower() == "true"
    shown = [_region(region) for region in answer.result["Regions"]]
    answer.result["Regions"] = [r for r in shown if everything or r["OptInStatus"] != "not-opted-in"]
    return answer


def _region(region: Any) -> dict[str, str]:
    status = "opt-in-not-required" if region.name in REGIONS else "opted-in"
    if region.name not in settings.regions:
        status = "not-opted-in"
    return {"RegionName": region.name, "Endpoint": region.endpoint, "OptInStatus": status}
