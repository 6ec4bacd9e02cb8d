"""Which events a trail records: whether all management events are among them, and how to bring them in. All pure."""

from collections.abc import Iterator, Mapping

from remediate.model import Value

MAX_SELECTORS = 5
"""Basic selectors a trail: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html"""
EVERYTHING: Mapping[str, Value] = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}
MANAGEMENT: Mapping[str, Value] = {"Field": "eventCategory", "Equals": ["Management"]}


def covers_management(selectors: Value) -> bool:
    """Whether management events are recorded, read and write, from every source."""
    if not isinstance(selectors, Mapping):
        return True
    reads, writes = set[bool](), set[bool]()
    for read, write in (*_basic_cover(selectors), *_advanced_cover(selectors)):
        reads.add(read)
        writes.add(write)
    return True in reads and True in writes


def _basic_cover(selectors: Mapping[str, Value]) -> Iterator[tuple[bool, bool]]:
    for item in _maps(selectors.get("EventSelectors")):
        if item.get("IncludeManagementEvents") and not item.get("ExcludeManagementEventSources"):
            kind = item.get("ReadWriteType", "All")
            yield kind in ("All", "ReadOnly"), kind in ("All", "WriteOnly")


def _advanced_cover(selectors: Mapping[str, Value]) -> Iterator[tuple[bool, bool]]:
    for item in _maps(selectors.get("AdvancedEventSelectors")):
        fields = {str(f.get("Field")): f for f in _maps(item.get("FieldSelectors"))}
        narrowed = fields.keys() - {"eventCategory", "readOnly"}
        if fields.get("eventCategory") == MANAGEMENT and not narrowed:
            only = _list(fields.get("readOnly", {}).get("Equals", ["true", "false"]))
            yield "true" in only, "false" in only


def records_more(selectors: Value) -> bool:
    """Whether anything but management events is recorded, which AWS charges by the event."""
    if not isinstance(selectors, Mapping):
        return False
    fields = [f for s in _maps(selectors.get("AdvancedEventSelectors")) for f in _maps(s.get("FieldSelectors"))]
    return any(s.get("DataResources") for s in _maps(selectors.get("EventSelectors"))) or any(
        f.get("Field") == "eventCategory" and _list(f.get("Equals")) != ["Management"] for f in fields
    )


def widened(selectors: Value) -> Value:
    """Selectors that record all management events besides the data events that these record."""
    if not isinstance(selectors, Mapping):
        return None
    advanced = _maps(selectors.get("AdvancedEventSelectors"))
    if advanced:
        others = [
            s
            for s in advanced
            if not any(
                f.get("Field") == "eventCategory" and "Management" in _list(f.get("Equals"))
                for f in _maps(s.get("FieldSelectors"))
            )
        ]
        return {"AdvancedEventSelectors": [{"Name": "Management events", "FieldSelectors": [MANAGEMENT]}, *others]}
    basic = _maps(selectors.get("EventSelectors"))
    off: Mapping[str, Value] = {"IncludeManagementEvents": False, "ExcludeManagementEventSources": []}
    data = [{**s, **off} for s in basic if s.get("DataResources")]
    if len(data) < MAX_SELECTORS:
        return {"EventSelectors": [EVERYTHING, *data]} if data else None
    return {"EventSelectors": [{**EVERYTHING, "DataResources": data[0]["DataResources"]}, *data[1:]]}


def _maps(value: Value) -> list[Mapping[str, Value]]:
    return [item for item in _list(value) if isinstance(item, Mapping)]


def _list(value: Value) -> list[Value]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
