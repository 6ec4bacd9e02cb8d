"""Which resources a call was about, where its record does not list them: from its parameters.

The Service Authorization Reference says what the ARNs look like that an action may be about. A parameter that is such
an ARN counts; else the ARN's form is filled with the parameters that its parts are named for. Nothing is guessed: where
an action is about several kinds of resources and not every kind is told, the call may be about any.

What a policy must name is not always what the record calls it: `forms` says what stands for it.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import product

import msgspec

from remediate.evidence.actions import needed
from remediate.evidence.parameters import ALIKE, ASIDE, CALLED, MADE_UP
from remediate.model import Value
from remediate.policy import catalog

Tells = Callable[[str, str, bytes], Sequence[str]]
Parameters = Mapping[str, tuple[str, ...]]
"""Texts by the names of parameters in lower case."""

DEEPEST = 4
MOST = 64
"""More resources than these in one call are not told one by one."""
LATELY = 10_000
"""So many calls are remembered with what they were about: most differ in what does not matter for it."""
PLACES = ("Partition", "Region", "Account")
_PART = re.compile(r"\$\{(\w+)\}")
_QUEUE = re.compile(r"/(\d{12})/([^/]+)$")
_TAGGING = re.compile("(Un)?[Tt]ag|ListTags|AddTags|RemoveTags")

_PATHLESS = re.compile(r"(arn:[^:]+:iam::\d+:(?:user|group|role|policy|instance-profile|server-certificate))/([^/*]+)")
"""Of IAM's entities calls give the name alone, without the path that their ARN has."""
_TABLE = re.compile(r"arn:[^:]+:dynamodb:[^:]*:\d+:table/[^/*]+")
"""A query of an index is recorded as one of its table.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/logging-using-cloudtrail.html"""
_BUCKETS = re.compile("arn:[^:]+:s3:::")
BELOW = (
    # with a version or an alias: https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
    (re.compile(r"arn:[^:]+:lambda:[^:]*:\d+:function:[^:*]+"), ":*"),
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    (re.compile(r"arn:[^:]+:logs:[^:]*:\d+:log-group:[^:*]+"), ":*"),
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_iam-permissions.html
    (re.compile(r"arn:[^:]+:secretsmanager:[^:]*:\d+:secret:(?!.*-[\w?]{6}$)[^*]+"), "-??????"),
)
"""ARNs of which policies have another form as well, and what that has at its end."""


def tells(account: str, partition: str) -> Tells:
    """What says of a call in this account which ARNs it was about: by its event, its region and its parameters as JSON.
    Nothing where that is not told. `?` stands for a character that AWS made up."""

    @lru_cache(LATELY)
    def named(
        action: str, region: str, given: tuple[tuple[str, tuple[str, ...]], ...], arns: Sequence[str]
    ) -> Sequence[str]:
        places = {"Partition": partition, "Region": region, "Account": account}
        found = list(_told(action, places, dict(given), arns))
        return sorted(set(found)) if len(found) <= MOST else ()

    def told(event: str, region: str, text: bytes) -> Sequence[str]:
        need = needed(event)
        if need is None or not need.actions or not kinds(need.actions[0]):
            return ()
        action = need.actions[0]  # the others are about the same
        given = parameters(text)
        used = tuple((name, given[name]) for name in _used(action) if name in given)
        return named(action, region, used, tuple(one for texts in given.values() for one in texts if one[:4] == "arn:"))

    return told


def parameters(text: bytes) -> Parameters:
    """The texts among a call's parameters, each name's at the depth where it first appears."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    found: dict[str, tuple[str, ...]] = {}
    level = _mappings(value)
    for _ in range(DEEPEST):
        here: dict[str, list[str]] = {}
        below: list[Mapping[str, Value]] = []
        for one in level:
            for name, item in one.items():
                if isinstance(item, str):
                    here.setdefault(name.lower(), []).append(item)
                elif isinstance(item, list | dict):
                    here.setdefault(name.lower(), []).extend(_texts(item))
                    below.extend(_mappings(item))
        found = {**{name: texts for name, items in here.items() if (texts := tuple(filter(None, items)))}, **found}
        level = below
    return found


def _mappings(value: Value) -> Sequence[Mapping[str, Value]]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, Mapping)]


def _texts(value: Value) -> Iterator[str]:
    return (item for item in value if isinstance(item, str)) if isinstance(value, list) else iter(())


@cache
def _used(action: str) -> Sequence[str]:
    """The names of the parameters that can say what an action is about, besides ARNs."""
    forms = [form for forms in kinds(action).values() for form in forms]
    names = [name for form in forms for part in _parts(form) for name in _called(_service(form), part)]
    return tuple(dict.fromkeys([*names, "queueurl"]))


def _told(action: str, places: Mapping[str, str], given: Parameters, arns: Sequence[str]) -> Iterator[str]:
    found: dict[str, list[str]] = {}
    for kind, shapes in kinds(action).items():
        own = [arn for arn in arns if any(_expression(form).fullmatch(arn) for form in shapes)]
        found[kind] = own or next((filled for form in shapes if (filled := _filled(form, places, given))), [])
    if all(found.values()) or _TAGGING.match(action.partition(":")[2]):
        yield from (arn for own in found.values() for arn in own)


@cache
def kinds(action: str) -> Mapping[str, tuple[str, ...]]:
    """The forms of the ARNs that an action may be about, by what they are the ARNs of; those with more parts first."""
    found: dict[str, list[str]] = defaultdict(list)
    for form in catalog.actions()[action.lower()].arns:
        if form != "*" and not ASIDE.search(form):
            begin = form.split(":", 5)[5]
            kind = begin if begin.startswith("$") else re.split("[/:]", begin, maxsplit=1)[0]
            found[f"{form.split(':')[2]}:{kind}"].append(form)
    return {kind: tuple(sorted(forms, key=lambda form: -len(_PART.findall(form)))) for kind, forms in found.items()}


@cache
def _expression(form: str) -> re.Pattern[str]:
    """What an ARN of this form looks like, be it of another account or place."""
    parts = _PART.split(form)
    written = [("[^:]*" if text in PLACES else ".+") if n % 2 else re.escape(text) for n, text in enumerate(parts)]
    return re.compile("".join(written), re.DOTALL)


def _filled(form: str, places: Mapping[str, str], given: Parameters) -> list[str]:
    """The ARNs of this form that the parameters name; none where a part of it is not among them."""
    service = _service(form)
    if service == "sqs" and (queue := _QUEUE.search(next(iter(given.get("queueurl", ())), ""))):
        return [_PART.sub(lambda part: {**places, "Account": queue[1], "QueueName": queue[2]}[part[1]], form)]
    names = _parts(form)
    values = [_values(service, name, given) for name in names]
    if sum(len(value) > 1 for value in values) > 1:
        return []
    filled = [{**places, **dict(zip(names, chosen, strict=True))} for chosen in product(*values)]
    return [_PART.sub(lambda part: one[part[1]], form) for one in filled]  # noqa: B023  # used at once


def _values(service: str, part: str, given: Parameters) -> Sequence[str]:
    """What one part of an ARN may be."""
    called = f"{service}:{part}"
    if called in MADE_UP:
        return [MADE_UP[called]]
    texts = next((given[name] for name in _called(service, part) if name in given), ())
    values = [_plain(called, text) for text in texts]
    return values if all(_fits(called, value) for value in values) else []


@cache
def _called(service: str, part: str) -> Sequence[str]:
    """What parameters may be called that say what a part of an ARN is."""
    called = f"{service}:{part}"
    return CALLED[called].split() if called in CALLED else [part.lower(), f"{part.lower()}s"]


@cache
def _parts(form: str) -> Sequence[str]:
    """The parts of an ARN that parameters say."""
    return [name for name in _PART.findall(form) if name not in PLACES]


def _service(form: str) -> str:
    return form.split(":", 3)[2]


def _plain(called: str, text: str) -> str:
    """A name as its ARN has it; empty where that is not known."""
    service = called.partition(":")[0]
    if called == "lambda:FunctionName":
        return text.rpartition("function:")[2]
    if text.startswith("arn:"):
        return text.rpartition("/")[2] if service == "ecs" else ""
    if called == "ssm:ParameterNameWithoutLeadingSlash":
        return text.removeprefix("/")
    if called == "secretsmanager:SecretId":
        return f"{text}-??????"
    if service == "route53":
        return text.rpartition("/")[2]
    return text.lower() if service == "rds" else text


def _fits(called: str, value: str) -> bool:
    alike = ALIKE.get(called)
    return bool(value) and (alike is None or alike.fullmatch(value) is not None)


def forms(action: str, arn: str) -> Sequence[str]:
    """The patterns that a policy must have for an action on what a record calls by this ARN, or pattern of ARNs.

    `*` where that is nothing that the action may be about: records list some resources that only have to do with it.
    """
    known = catalog.actions().get(action.lower())
    shapes = [form for form in known.arns if form != "*"] if known else []
    if _BUCKETS.match(arn):
        arn = _in_bucket(arn, shapes)
    if not any(_expression(form).fullmatch(arn) for form in shapes):
        return ["*"]
    more = [arn + suffix for expression, suffix in BELOW if expression.fullmatch(arn)]
    if (pathless := _PATHLESS.fullmatch(arn)) is not None:
        more.append(f"{pathless[1]}/*/{pathless[2]}")
    if _TABLE.fullmatch(arn) and any("/index/" in form for form in shapes):
        more.append(f"{arn}/index/*")
    return [arn, *more]


def _in_bucket(arn: str, shapes: Sequence[str]) -> str:
    """Of a bucket or an object, what the action is about: a deletion of many objects is recorded with the bucket."""
    if any(form.endswith(":::${BucketName}/${ObjectName}") for form in shapes):
        return arn if "/" in arn else f"{arn}/*"
    return arn.partition("/")[0]
